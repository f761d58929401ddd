use super::*;

const PRICE: Price = Price { post: Money(5_000), user: Money(10_000) };

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn noon() -> Timestamp {
    at("2026-06-16T12:00:00Z")
}

fn budget(posts: Option<u32>, day: Option<f64>, month: Option<f64>) -> Budget {
    let money = |amount: Option<f64>| amount.and_then(Money::dollars);
    Budget { price: PRICE, posts_per_day: posts, per_day: money(day), per_month: money(month) }
}

fn posts(posts: u32) -> Reads {
    Reads { posts, users: 0 }
}

/// So many posts read today, and so many before this month.
fn spent(today: u32, before: u32) -> Spent {
    Spent { day: PRICE.bill(posts(today)), month: PRICE.bill(posts(today + before)) }
}

fn timeline() -> Portion {
    Portion { least: posts(5), most: posts(100) }
}

fn grant(budget: &Budget, spent: Spent, lesser: f64) -> Grant {
    budget.grant(timeline(), &spent, Spending::default(), lesser, noon())
}

#[test]
fn amounts_are_shown_with_cents_and_with_more_only_where_there_is_more() {
    for (amount, shown) in
        [(0.0, "$0.00"), (0.005, "$0.005"), (2.5, "$2.50"), (1234.0, "$1234.00"), (1e-6, "$0.000001")]
    {
        assert_eq!(Money::dollars(amount).unwrap().to_string(), shown);
    }
    for amount in [-1.0, f64::NAN, f64::INFINITY, 2e9] {
        assert_eq!(Money::dollars(amount), None);
    }
}

#[test]
fn a_look_reads_what_every_bound_has_room_for() {
    let cases = [
        (budget(None, None, None), spent(9_999, 0), 100),
        (budget(Some(500), None, None), spent(100, 0), 100),
        (budget(Some(500), None, None), spent(460, 0), 40),
        (budget(None, Some(2.5), None), spent(480, 0), 20),
        (budget(Some(500), Some(1.0), None), spent(193, 0), 7),
        (budget(Some(500), None, Some(10.0)), spent(0, 1_990), 10),
    ];
    for (budget, spent, granted) in cases {
        assert_eq!(grant(&budget, spent, 0.0), Grant::Read(posts(granted)), "{budget:?}");
    }
}

#[test]
fn a_bound_that_is_reached_stops_everybody_until_it_begins_anew() {
    let (midnight, july) = (at("2026-06-17T00:00:00Z"), at("2026-07-01T00:00:00Z"));
    let cases = [
        (budget(Some(500), None, None), spent(496, 0), "500 posts a day", midnight),
        (budget(None, Some(2.5), None), spent(500, 0), "$2.50 a day", midnight),
        (budget(Some(500), None, Some(10.0)), spent(500, 1_500), "$10.00 a month", july),
        (budget(Some(0), None, None), spent(0, 0), "0 posts a day", midnight),
    ];
    for (budget, spent, bound, until) in cases {
        let Grant::Over(reached, at) = grant(&budget, spent, 0.0) else { panic!("{bound}") };
        assert_eq!((reached.to_string().as_str(), at), (bound, until));
    }
}

#[test]
fn a_profile_must_be_affordable_too() {
    let portion = |users| Portion { least: Reads { posts: 0, users }, most: Reads { posts: 0, users } };
    let budget = budget(None, Some(1.0), None);
    let ask = |users| budget.grant(portion(users), &spent(197, 0), Spending::default(), 0.0, noon());
    assert_eq!(ask(1), Grant::Read(Reads { posts: 0, users: 1 }));
    assert_eq!(budget.room(&budget.bounds().next().unwrap(), &spent(199, 0), 1), 0);
}

#[test]
fn what_is_set_aside_is_not_spent_but_waited_for() {
    let budget = budget(Some(500), None, None);
    let aside = PRICE.bill(posts(100));
    let ask = |today| budget.grant(timeline(), &spent(today, 0), aside, 0.0, noon());
    assert_eq!(ask(370), Grant::Read(posts(30)));
    assert_eq!(ask(398), Grant::Wait);
    assert!(matches!(ask(499), Grant::Over(..)), "nothing that is given back would be enough");
}

#[test]
fn what_is_left_is_kept_for_accounts_that_matter_more() {
    let budget = budget(Some(1000), None, None);
    // At noon the least account may have half the budget spent, the middle one three quarters, the first one all.
    for (lesser, used, reads) in
        [(1.0, 499, true), (1.0, 500, false), (0.5, 749, true), (0.5, 750, false), (0.0, 990, true)]
    {
        let granted = grant(&budget, spent(used, 0), lesser);
        assert_eq!(matches!(granted, Grant::Read(_)), reads, "{lesser} {used}: {granted:?}");
    }
    assert_eq!(grant(&budget, spent(750, 0), 1.0), Grant::Later(at("2026-06-16T18:00:00Z")));
    assert_eq!(grant(&budget, spent(500, 0), 1.0), Grant::Later(noon() + SHORTEST_WAIT));
}

#[test]
fn everybody_has_a_head_start() {
    let budget = budget(Some(1000), None, None);
    let early = at("2026-06-16T00:01:00Z");
    let ask = |used| budget.grant(timeline(), &spent(used, 0), Spending::default(), 1.0, early);
    assert!(matches!(ask(249), Grant::Read(_)));
    assert!(matches!(ask(250), Grant::Later(_)));
}

#[test]
fn people_are_told_once_for_each_bound_when_most_is_spent() {
    let budget = budget(Some(1000), None, Some(10.0));
    assert_eq!(budget.warning(&spent(799, 0)), None);
    assert_eq!(budget.warning(&spent(800, 0)).unwrap().to_string(), "1000 posts a day");
    let mut told = spent(900, 800);
    told.day.day_told = true;
    assert_eq!(budget.warning(&told).unwrap().to_string(), "$10.00 a month");
    told.month.month_told = true;
    assert_eq!(budget.warning(&told), None);
}

#[test]
fn it_is_foreseen_when_a_bound_will_be_reached() {
    let bound = budget(Some(1000), None, None).bounds().next().unwrap();
    assert_eq!(bound.used_up(&spent(800, 0), noon()), Some(at("2026-06-16T15:00:00Z")));
    assert_eq!(bound.used_up(&spent(500, 0), noon()), None, "it lasts");
    assert_eq!(bound.used_up(&spent(0, 0), noon()), None);
}

#[test]
fn a_charge_gives_back_what_was_set_aside_and_keeps_what_was_told() {
    let aside = PRICE.bill(posts(100));
    let read = Spending { day_told: true, ..PRICE.bill(posts(3)) };
    let charge = Charge { source: "x.hub".into(), day: 1, back: aside, spent: read };
    let after = PRICE.bill(posts(110)).charged(&charge);
    assert_eq!((after.reads, after.money, after.day_told), (posts(13), Money(65_000), true));
    let later = Charge { back: Spending::default(), spent: aside, ..charge };
    assert!(after.charged(&later).day_told);
}
