//! sink/matrix.

use toml_span::{DeserError, Value};

/// Reads its table.
pub fn read(value: &mut Value<'_>) -> Result<super::Plan, DeserError> {
    Err(crate::setting::wrong(value.span, "not built yet").into())
}
