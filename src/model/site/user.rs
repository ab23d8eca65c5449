//! Users, their phones, contacts and rules.

use super::company::{LANGUAGES, Language};
use super::defaults::{self, most};
use super::fields::{Fields, Read, Wrong};
use super::menu::digit;
use super::secret::{Ha1, PasswordHash, Pin};
use super::spend::Spend;
use super::then::{Mailbox, Then};
use super::trunk::classes;
use super::value::{count, email, flag, id, line, parsed, pin, reference, secret, string, word};
use crate::{Classes, DeviceId, E164, Extension, HoursId, Number, PlanId, SiteId, UserId};
use std::collections::BTreeMap;
use toml::Value;

/// `[[users]]`: a person with an extension.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// What they are called.
    pub name: String,
    /// What they are.
    pub title: Option<String>,
    /// Where they belong.
    pub department: Option<String>,
    /// Their mail address.
    pub email: Option<String>,
    /// Their number inside.
    pub extension: Extension,
    /// Their number outside.
    pub number: Option<E164>,
    /// Their mobile phone.
    pub mobile: Option<E164>,
    /// The operator of their mobile subscription works with the company's telephony: calls may show the mobile number
    /// where the trunk carries it.
    pub operator_mobile: bool,
    /// Does the mobile ring beside the devices? Whoever answers there must press 1.
    pub mobile_twinning: bool,
    /// What they have.
    pub plan: Option<PlanId>,
    /// What they may do besides using the telephone.
    pub roles: Vec<Role>,
    /// What proves who they are; without it they cannot log in.
    pub password: Option<PasswordHash>,
    /// The number they show when calling.
    pub present: Present,
    /// What their phones show of a caller.
    pub caller_display: CallerDisplay,
    /// Their language; the company's where none is given.
    pub language: Language,
    /// May a second call knock?
    pub call_waiting: bool,
    /// Classes that this user may not dial, besides the company's.
    pub barring: Classes,
    /// Classes that this user may dial although the company bars them.
    pub allow: Classes,
    /// Who types it on their phones may dial what is barred, for one call.
    pub barring_pin: Option<Pin>,
    /// What they may call at cost in a day; what is none is as the company says.
    pub spend: Spend,
    /// Their place where it cannot be told from the phone's address.
    pub site: Option<SiteId>,
    /// The hours of their working day; the company's where none are named.
    pub hours: Option<HoursId>,
    /// When nobody answers.
    pub no_answer: NoAnswer,
    /// When they are busy; the caller hears busy where none is given.
    pub busy: Option<Then>,
    /// When no phone of theirs is registered; as [`User::no_answer`] where none is given.
    pub unreachable: Option<Then>,
    /// Their mailbox.
    pub voicemail: Voicemail,
    /// Their phones.
    pub devices: Vec<Device>,
    /// Whom they know.
    pub contacts: Vec<Contact>,
    /// Whom they do not want to hear from.
    pub blocked: Vec<E164>,
}

/// What happens when nobody answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAnswer {
    /// After how many seconds of ringing.
    pub after_s: u32,
    /// What; the call ends as not answered where nothing is given.
    pub then: Option<Then>,
}

impl NoAnswer {
    pub(super) fn read(fields: &mut Fields<'_>, own: Option<&Mailbox>) -> Self {
        let rule = fields.table("no_answer", |fields| {
            let after_s = fields.or("after_s", count(defaults::NO_ANSWER_BOUNDS_S), defaults::NO_ANSWER_S);
            let reading = fields.reading;
            Self { after_s, then: fields.maybe("then", |value| Then::read(value, reading, own)) }
        });
        rule.unwrap_or(Self { after_s: defaults::NO_ANSWER_S, then: None })
    }
}

/// A role gives rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// Connecting calls for others.
    Attendant,
    /// Looking after queues and their agents.
    Supervisor,
}

const ROLES: &[(&str, Role)] =
    &[("admin", Role::Admin), ("attendant", Role::Attendant), ("supervisor", Role::Supervisor)];

/// The number somebody shows when calling out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Present {
    /// Their fixed number.
    #[default]
    Fixed,
    /// None.
    Hidden,
    /// Their mobile number.
    Mobile,
}

const PRESENTS: &[(&str, Present)] =
    &[("fixed", Present::Fixed), ("hidden", Present::Hidden), ("mobile", Present::Mobile)];

/// What phones show of a caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CallerDisplay {
    /// The name where it is known.
    #[default]
    Name,
    /// The number.
    Number,
}

const DISPLAYS: &[(&str, CallerDisplay)] =
    &[("name", CallerDisplay::Name), ("number", CallerDisplay::Number)];

/// `voicemail` of a user.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Voicemail {
    /// Asked for from other phones; without it the mailbox is open from the user's own phones only.
    pub pin: Option<Pin>,
    /// Efterval: digits that lead the caller on, with the numbers they lead to.
    pub after_menu: BTreeMap<char, Number>,
}

/// `[[users.devices]]`: a phone.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Its SIP user name.
    pub id: DeviceId,
    /// What it registers with.
    pub secret: Ha1,
    /// What it is.
    pub kind: DeviceKind,
}

/// What a phone is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceKind {
    /// It stands on a desk.
    #[default]
    Desk,
    /// A cordless handset.
    Dect,
    /// A program.
    Soft,
    /// A mobile phone's program.
    Mobile,
    /// A door.
    Door,
}

const DEVICE_KINDS: &[(&str, DeviceKind)] = &[
    ("desk", DeviceKind::Desk),
    ("dect", DeviceKind::Dect),
    ("soft", DeviceKind::Soft),
    ("mobile", DeviceKind::Mobile),
    ("door", DeviceKind::Door),
];

/// `[[users.contacts]]`: somebody a user knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Contact {
    /// What they are called.
    pub name: String,
    /// Where they can be reached.
    pub numbers: Vec<Number>,
    /// Shown first.
    pub favourite: bool,
    /// Rings through a closed activity.
    pub vip: bool,
}

impl User {
    pub(super) fn read(fields: &mut Fields<'_>, language: Language) -> Option<Self> {
        let reading = fields.reading;
        let known = &reading.known;
        let id = fields.need("id", id::<UserId>);
        let own = id.clone().map(Mailbox::User);
        let own = own.as_ref();
        let name = fields.need("name", line);
        let title = fields.maybe("title", line);
        let department = fields.maybe("department", line);
        let email = fields.maybe("email", email);
        let extension = fields.need("extension", parsed::<Extension>);
        let number = fields.maybe("number", |value| known.public(value));
        let mobile = fields.maybe("mobile", |value| known.public(value));
        let operator_mobile = fields.or("operator_mobile", flag, false);
        let mobile_twinning = fields.or("mobile_twinning", flag, false);
        for (key, given) in [("operator_mobile", operator_mobile), ("mobile_twinning", mobile_twinning)] {
            if given && !fields.has("mobile") {
                fields.wrong(key, "this needs the key mobile of the same user");
            }
        }
        let plan = fields.maybe("plan", reference::<PlanId>("plan", &known.plans));
        let roles = fields.list("roles", most::WORDS, word(ROLES));
        let password = password(fields);
        let present = fields.or("present", word(PRESENTS), Present::default());
        if present == Present::Mobile && !fields.has("mobile") {
            fields.wrong("present", "\"mobile\" needs the key mobile of the same user");
        }
        let caller_display = fields.or("caller_display", word(DISPLAYS), CallerDisplay::default());
        let language = fields.or("language", word(LANGUAGES), language);
        let call_waiting = fields.or("call_waiting", flag, false);
        let barring = classes(fields, "barring").unwrap_or_default();
        let allow = classes(fields, "allow").unwrap_or_default();
        let barring_pin = fields.maybe("barring_pin", pin);
        let spend = Spend::key(fields);
        let site = fields.maybe("site", reference::<SiteId>("site", &known.places));
        let hours = fields.maybe("hours", reference::<HoursId>("hours", &known.hours));
        let no_answer = NoAnswer::read(fields, own);
        let busy = Then::table(fields, "busy", own);
        let unreachable = Then::table(fields, "unreachable", own);
        let voicemail = fields.table("voicemail", Voicemail::read).unwrap_or_default();
        let devices = fields.tables("devices", most::DEVICES, Device::read);
        let contacts = fields.tables("contacts", most::CONTACTS, Contact::read);
        let blocked = fields.tables("blocked", most::CONTACTS, blocked);
        Some(Self {
            id: id?,
            name: name?,
            title,
            department,
            email,
            extension: extension?,
            number,
            mobile,
            operator_mobile,
            mobile_twinning,
            plan,
            roles,
            password,
            present,
            caller_display,
            language,
            call_waiting,
            barring,
            allow,
            barring_pin,
            spend,
            site,
            hours,
            no_answer,
            busy,
            unreachable,
            voicemail,
            devices,
            contacts,
            blocked,
        })
    }
}

/// A hash is taken as it is; a password becomes one when the whole document is right.
fn password(fields: &mut Fields<'_>) -> Option<PasswordHash> {
    let given = fields.maybe("password", |value| {
        let text = secret(value)?;
        let broken = || {
            Wrong("this begins as a password's hash does, but is none; write the password itself".to_owned())
        };
        PasswordHash::is_meant(&text).then(|| PasswordHash::exported(&text).ok_or_else(broken)).transpose()
    });
    given.flatten()
}

impl Voicemail {
    fn read(fields: &mut Fields<'_>) -> Self {
        let known = &fields.reading.known;
        let pin = fields.maybe("pin", pin);
        let choices = fields.entries("after_menu", |digit_pressed, value| {
            Ok((digit(digit_pressed)?, known.callable(value)?))
        });
        let after_menu = choices.unwrap_or_default().into_iter().map(|(_, choice)| choice).collect();
        Self { pin, after_menu }
    }
}

impl Device {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let id = fields.need("id", id::<DeviceId>);
        let given = fields.need("secret", secret);
        let kind = fields.or("kind", word(DEVICE_KINDS), DeviceKind::default());
        let (id, given) = (id?, given?);
        let secret = Ha1::given(id.as_str(), &given);
        match &secret {
            Some(secret) => fields.replace("secret", secret.to_string()),
            None => fields
                .wrong("secret", "this begins as a stored secret does, but is none; write the secret itself"),
        }
        Some(Self { id, secret: secret?, kind })
    }
}

impl Contact {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let known = &fields.reading.known;
        let name = fields.need("name", line);
        let numbers = fields.list("numbers", most::CONTACT_NUMBERS, |value| known.callable(value));
        let favourite = fields.or("favourite", flag, false);
        let vip = fields.or("vip", flag, false);
        Some(Self { name: name?, numbers, favourite, vip })
    }
}

fn blocked(fields: &mut Fields<'_>) -> Option<E164> {
    let known = &fields.reading.known;
    let outside = |value: &Value| -> Read<E164> {
        match known.number(string(value)?) {
            Number::Internal(_) => Err(Wrong("extensions cannot be blocked".to_owned())),
            _ => known.public(value),
        }
    };
    fields.need("number", outside)
}
