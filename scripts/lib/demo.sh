# Sourced by scripts/run once the exchange is ready: Anna calls Bo, each hears the other's tone.

phones=$(mktemp -d) # removed when the exchange stops

# A baresip of its own: name, loopback address, secret, tone in Hz, more account settings.
start_phone() {
    local name=$1 at=$2 secret=$3 tone=$4 settings=${5:-}
    local folder=$phones/$name
    mkdir -p "$folder"
    touch "$folder/contacts"
    cat >"$folder/config" <<CONFIG
sip_listen $at:5060
net_interface 127.0.0.1
ctrl_tcp_listen $at:4444
audio_source ausine,$tone
audio_player aubridge,$name
audio_alert aubridge,$name-alert
ausrc_srate 48000
ausrc_channels 2
auplay_srate 48000
auplay_channels 2
snd_path $folder
module_path /usr/lib/baresip/modules
module opus.so
module g722.so
module g711.so
module ausine.so
module aubridge.so
module sndfile.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
CONFIG
    printf '<sip:%s@%s:5060>;auth_pass=%s;regint=60%s\n' "$name" "$address" "$secret" "$settings" >"$folder/accounts"
    (cd "$folder" && exec baresip -f "$folder" >"$folder/log" 2>&1 </dev/null) &
    children+=($!)
}

# Says one command to a phone: address, command, parameters. What it answers is not waited for.
tell_phone() {
    local message
    message=$(printf '{"command":"%s","params":"%s"}' "$2" "${3:-}")
    printf '%d:%s,' ${#message} "$message" >"/dev/tcp/$1/4444"
}

# Fails, with what the phones and the exchange said.
give_up() {
    tail -n 15 "$phones"/*/log "$log" >&2
    fail "The demo failed: $*"
}

# The tone in a recording, Hz.
tone_of() { sox "$1" -n remix 1 stat 2>&1 | awk '/^Rough/ { print $3 }'; }

both_registered() { (($(vaxel registrations --json | grep -c '"device": "\(anna\|bo\)-bord"') == 2)); }
talking() { vaxel calls --json | grep -q '"state": "talking"'; }
newest_call() { vaxel call-log --limit 1 --json | sed -n 's/^ *"id": \([0-9]*\),\{0,1\}$/\1/p'; }
is_recorded() { [[ $(newest_call) != "$before" ]]; }

say "Demo: etc/demo.toml, and two softphones"
vaxel site apply etc/demo.toml >/dev/null || fail "The demo site was refused; see above."
start_phone anna-bord 127.86.0.1 anna-bord-hemlighet 440
start_phone bo-bord 127.86.0.2 bo-bord-hemlighet 700 ';answermode=auto'
wait_for 20 both_registered lives || give_up "the phones did not register."
note "Both phones are registered."

before=$(newest_call)
tell_phone 127.86.0.1 dial "sip:202@$address"
wait_for 20 talking lives || give_up "Bo did not answer."
note "Anna (201) talks with Bo (202)."
sleep 3
tell_phone 127.86.0.1 hangup
wait_for 20 is_recorded lives || give_up "the call left no record."
for phone in 127.86.0.1 127.86.0.2; do tell_phone "$phone" quit; done
for child in "${children[@]}"; do wait "$child" || true; done
children=()

for heard in "bo-bord 440 Anna" "anna-bord 700 Bo"; do
    read -r phone expected who <<<"$heard"
    recordings=("$phones/$phone"/*-dec.wav)
    tone=$(tone_of "${recordings[0]}")
    [[ -n $tone ]] && ((tone > expected - 20 && tone < expected + 20)) ||
        give_up "$phone should have heard $who's tone of $expected Hz, and heard ${tone:-nothing}."
    note "$phone heard $who's tone: $tone Hz."
done

say "The finished call"
vaxel call-log show "$(newest_call)"
