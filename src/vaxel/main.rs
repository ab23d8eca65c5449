//! The program: hands the process's own arguments, streams, zone and environment to the library.

use std::io::{self, BufReader, IsTerminal};
use std::process::ExitCode;
use vaxel::Terminal;

fn main() -> ExitCode {
    let terminal = Terminal {
        interactive: io::stdin().is_terminal() && io::stdout().is_terminal(),
        input: Box::new(BufReader::new(io::stdin())),
        out: Box::new(io::stdout()),
        err: Box::new(io::stderr()),
        zone: jiff::tz::TimeZone::system(),
        socket: std::env::var_os("VAXEL_SOCKET").map(Into::into),
    };
    ExitCode::from(vaxel::run(std::env::args_os(), terminal))
}
