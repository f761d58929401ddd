//! Secrets, which stand in the environment or in files of their own. This is the one place where the environment is looked at.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use toml_span::{DeserError, Deserialize, Error, Span, Value};
use url::Url;

use super::{Address, Fields, wrong};

/// Where a secret comes from: `{ env = "NAME" }` or `{ file = "PATH" }`. It is read only for what is enabled.
#[derive(Clone, Debug)]
pub struct Secret {
    span: Span,
    origin: Origin,
}

#[derive(Clone, Debug)]
enum Origin {
    Env(String),
    File(PathBuf),
}

impl Secret {
    /// The secret itself, without white space around it; a relative file is looked for below `dir`.
    pub fn read(&self, dir: &Path) -> Result<SecretString, Error> {
        let text = match &self.origin {
            Origin::Env(name) => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is the place where the environment is read"
                )]
                let text = std::env::var(name);
                text.map_err(|_| {
                    wrong(
                        self.span,
                        format!("the environment variable {name} is not set; set it, or disable this entry"),
                    )
                })?
            }
            Origin::File(path) => {
                let path = dir.join(path);
                std::fs::read_to_string(&path).map_err(|cause| {
                    wrong(self.span, format!("the secret file {} cannot be read: {cause}", path.display()))
                })?
            }
        };
        match text.trim() {
            "" => Err(wrong(self.span, format!("the secret in {self} is empty"))),
            text => Ok(SecretString::from(text)),
        }
    }

    /// The secret as an address. What it says stays out of any error.
    pub fn read_address(&self, dir: &Path) -> Result<Url, Error> {
        use secrecy::ExposeSecret;
        let text = self.read(dir)?;
        let address = Address::parse(text.expose_secret());
        address.map(|address| address.0).map_err(|message| wrong(self.span, format!("in {self}: {message}")))
    }

    /// An error that blames this secret.
    pub fn wrong(&self, message: impl fmt::Display) -> Error {
        wrong(self.span, format!("in {self}: {message}"))
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.origin {
            Origin::Env(name) => write!(f, "the environment variable {name}"),
            Origin::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let span = value.span;
        if value.as_str().is_some() {
            let message =
                "a secret does not stand in the file itself; write { env = \"NAME\" } or { file = \"PATH\" }";
            return Err(wrong(span, message).into());
        }
        let mut fields = Fields::new(value)?;
        let (env, file) = (fields.optional::<String>("env"), fields.optional::<String>("file"));
        fields.finalize(None)?;
        let origin = match (env, file) {
            (Some(name), None) => Origin::Env(name),
            (None, Some(path)) => Origin::File(path.into()),
            _ => {
                return Err(
                    wrong(span, "a secret is either { env = \"NAME\" } or { file = \"PATH\" }").into()
                );
            }
        };
        Ok(Self { span, origin })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::problems;
    use super::*;

    #[test]
    fn a_secret_in_the_open_is_refused_without_repeating_it() {
        let found = problems::<Secret>("it = \"hunter2\"");
        assert!(found[0].contains("env") && !found[0].contains("hunter2"));
        assert_eq!(problems::<Secret>("it = { env = \"A\", file = \"b\" }").len(), 1);
    }

    #[test]
    fn a_missing_secret_is_named() {
        let mut value = toml_span::parse("it = { env = \"VIGIE_NO_SUCH_VARIABLE\" }").unwrap();
        let secret: Secret = Fields::new(&mut value).unwrap().required("it").unwrap();
        let error = secret.read(Path::new(".")).unwrap_err();
        assert!(error.to_string().contains("VIGIE_NO_SUCH_VARIABLE"));
    }
}
