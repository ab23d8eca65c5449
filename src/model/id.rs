//! Identifiers. Names that people give are shared strings; what the core counts is a number.

use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a name as it is; the site document has checked its spelling.
            pub fn new(name: impl AsRef<str>) -> Self {
                Self(Arc::from(name.as_ref()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }
    )*};
}

names! {
    /// A person with an extension.
    UserId;
    /// A phone or softphone of a user; its SIP user name.
    DeviceId;
    /// A connection to an operator.
    TrunkId;
    /// A group number.
    GroupId;
    /// A queue.
    QueueId;
    /// A menu of digits.
    MenuId;
    /// A telephone conference room.
    RoomId;
    /// An opening-hours schedule.
    HoursId;
    /// A spoken announcement.
    AnnouncementId;
    /// An activity a person can be in.
    ActivityId;
    /// A place where phones are.
    SiteId;
    /// A user plan.
    PlanId;
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    )*};
}

counters! {
    /// One call, from the first INVITE to its record; unique for the life of the box.
    CallId;
    /// One party's side of a call; unique since the box started.
    LegId;
    /// One contact address of a device; unique since the box started.
    ContactId;
    /// Pairs a command with its reply; unique since the box started.
    Ticket;
}
