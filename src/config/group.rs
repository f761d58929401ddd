//! Reading `[group.NAME]`: accounts that watchlists name together.

use toml_span::value::{Key, Table};
use toml_span::{Error, Spanned, Value};

use crate::poll::Watching;
use crate::setting::{Fields, table, wrong};
use crate::watch::{Account, Accounts};

/// All accounts that `sources` watch, and the groups; a name that nobody watches is an error.
pub(super) fn read(
    value: Option<(Key<'_>, Value<'_>)>,
    sources: &[Watching],
    errors: &mut Vec<Error>,
) -> Accounts {
    let of_source = |source: &Watching| {
        let accounts = source.source.accounts().into_iter();
        let platform = source.platform.clone();
        accounts.map(move |watched| (platform.clone(), watched.account)).collect::<Vec<_>>()
    };
    let mut accounts = Accounts { watched: sources.iter().flat_map(of_source).collect(), groups: Vec::new() };
    let groups = value.map_or(Ok(Table::new()), |(_, mut value)| table(&mut value));
    for (name, mut value) in groups.map_err(|error| errors.push(error)).unwrap_or_default() {
        let members = group(&mut value, &accounts, errors);
        accounts.groups.push((name.name.to_string(), members));
    }
    accounts
}

fn group(value: &mut Value<'_>, known: &Accounts, errors: &mut Vec<Error>) -> Vec<Account> {
    let span = value.span;
    let mut fields = match Fields::new(value) {
        Ok(fields) => fields,
        Err(error) => {
            errors.extend(error.errors);
            return Vec::new();
        }
    };
    let written = fields.required::<Vec<Spanned<String>>>("accounts");
    errors.extend(fields.finalize(None).err().into_iter().flat_map(|error| error.errors));
    let Ok(written) = written else { return Vec::new() };
    if written.is_empty() {
        errors.push(wrong(span, "this group has no accounts; list some, such as \"x:AfricanHub_\""));
    }
    let mut members = Vec::new();
    for place in written {
        let account = Account::parse(&place.value).and_then(|account| match known.fault(&account) {
            Some(message) => Err(message),
            None => Ok(account),
        });
        match account {
            Ok(account) => members.push(account),
            Err(message) => errors.push(wrong(place.span, message)),
        }
    }
    members
}
