use super::*;

fn room(text: &str) -> Result<Room, DeserError> {
    let text = format!("room = {text:?}");
    let mut value = toml_span::parse(&text).unwrap();
    let mut fields = Fields::new(&mut value).unwrap();
    fields.required("room").map_err(DeserError::from)
}

#[test]
fn a_room_is_an_id_or_an_alias_and_ids_are_opaque() {
    for id in ["!PS8aE19Zju4ni5go6U0uPPdx2uYSg39l7k3_MmhIAm4", "!abc:example.org"] {
        assert_eq!(room(id).unwrap(), Room::Id(id.into()));
    }
    assert_eq!(room("#alerts:example.org").unwrap(), Room::Alias("#alerts:example.org".into()));
    for wrong in ["", "!", "#", "#alerts", "alerts", "@bot:example.org"] {
        assert!(room(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_part_of_a_path_is_encoded() {
    let part = |text: &str| percent_encoding::utf8_percent_encode(text, api::PART).to_string();
    assert_eq!(part("!a/b:c.org"), "%21a%2Fb%3Ac.org");
    assert_eq!(part("#é$?"), "%23%C3%A9%24%3F");
    assert_eq!(part("AZaz09-._~"), "AZaz09-._~");
}
