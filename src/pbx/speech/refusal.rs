//! Why a call is not put through. The sentence says what kind of number it is, never what a colleague may.

use super::part::Part;
use model::Class;

/// What stops a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Barred {
    /// The class of its number.
    Class(Class),
    /// What may be spent is spent.
    Limit,
    /// Nobody is logged in on the phone.
    Login,
}

/// Would a call to 112 get out?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Help {
    /// Yes: there is a trunk for it.
    InReach,
    /// No.
    OutOfReach,
}

/// A call was barred.
pub fn barred(why: Barred, help: Help) -> Vec<Part> {
    let class = |name| vec![Part::whole(name)];
    match why {
        Barred::Class(Class::Premium | Class::MassCall) => class("bar.premium"),
        Barred::Class(Class::Directory) => class("bar.directory"),
        Barred::Class(Class::International(_)) => class("bar.abroad"),
        Barred::Class(Class::Mobile) => class("bar.mobile"),
        Barred::Class(
            Class::Emergency
            | Class::Society
            | Class::Freephone
            | Class::National
            | Class::SharedCost
            | Class::Paging
            | Class::Personal
            | Class::OperatorSpecific
            | Class::M2m
            | Class::Internal,
        ) => class("bar.number"),
        Barred::Limit => reassured("bar.limit", help),
        Barred::Login => reassured("bar.login", help),
    }
}

/// No trunk is in service.
pub fn trunks_down(help: Help) -> Vec<Part> {
    reassured("call.trunkdown", help)
}

fn reassured(name: &'static str, help: Help) -> Vec<Part> {
    let mut parts = vec![Part::whole(name)];
    if help == Help::InReach {
        parts.push(Part::whole("bar.sos"));
    }
    parts
}
