//! What reading X costs and how much of it may be spent, as the table says.

use toml_span::{DeserError, Deserialize, Value};

use super::table::in_range;
use crate::model::spend::{Budget, Money, Price};
use crate::setting::Fields;

/// X's prices for pay per use, of 22 August 2026.
const PUBLISHED: Price = Price { post: Money(5_000), user: Money(10_000) };

/// Posts that are read in a day if the table sets no bound: 2.50 dollars at the published price.
const USUAL_POSTS: u32 = 500;

/// Takes prices and bounds out of the table. One bound there is always.
pub fn take(fields: &mut Fields<'_>) -> Budget {
    let price = fields.optional::<Prices>("price").map_or(PUBLISHED, |prices| prices.0);
    let (per_day, per_month) = (fields.optional("budget_per_day"), fields.optional("budget_per_month"));
    let posts = in_range(fields, "max_posts_per_day", 1..=u32::MAX);
    let posts_per_day = posts.or((per_day.is_none() && per_month.is_none()).then_some(USUAL_POSTS));
    Budget { price, posts_per_day, per_day, per_month }
}

struct Prices(Price);

impl<'de> Deserialize<'de> for Prices {
    fn deserialize(value: &mut Value<'de>) -> Result<Self, DeserError> {
        let mut fields = Fields::new(value)?;
        let (post, user) = (fields.optional("post"), fields.optional("user"));
        fields.finalize(None)?;
        Ok(Self(Price { post: post.unwrap_or(PUBLISHED.post), user: user.unwrap_or(PUBLISHED.user) }))
    }
}
