//! Text messages between the company's telephones: whom they reach.

use crate::pbx::Pbx;
use call::Caller;
use model::site::{Target, User};
use model::{Cause, ContactId, DeviceId};

/// A text message that may be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Who writes, as colleagues see them.
    pub from: Caller,
    /// The extension it is for.
    pub called: String,
    /// Where its addressee can be reached now; never empty.
    pub contacts: Vec<ContactId>,
}

impl Pbx {
    /// Whom a text message of a device reaches.
    ///
    /// # Errors
    ///
    /// [`Cause::UnknownNumber`] where no colleague has the number, [`Cause::NoAnswer`] where none of their phones is
    /// registered.
    pub fn letter(&self, from: &DeviceId, to: &str) -> Result<Letter, Cause> {
        let site = self.site.as_deref().ok_or(Cause::UnknownNumber)?;
        let (writer, _) = site.device(from.as_str()).ok_or(Cause::UnknownNumber)?;
        let Some(Target::User(addressee)) = site.target(&site.number(to)) else {
            return Err(Cause::UnknownNumber);
        };
        let addressee: &User = site.user(addressee).ok_or(Cause::UnknownNumber)?;
        let devices = addressee.devices.iter().filter(|device| device.id != *from);
        let contacts: Vec<ContactId> =
            devices.filter_map(|device| self.contacts.get(&device.id)).flatten().copied().collect();
        if contacts.is_empty() {
            return Err(Cause::NoAnswer);
        }
        let number = Some(writer.extension.to_string());
        let from = Caller { name: Some(writer.name.clone()), number, ..Caller::default() };
        Ok(Letter { from, called: addressee.extension.to_string(), contacts })
    }
}
