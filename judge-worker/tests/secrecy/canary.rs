//! Texts that nobody writes by chance, and the search for them in whatever form they may have taken.

use std::fmt;

/// What a canary stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Data of a hidden test, or of a validator.
    Hidden,
    /// A password of the settings.
    Credential,
    /// Data of a public test, or a user's own input.
    Public,
    /// The text of a submission.
    Source,
}

impl Kind {
    /// What every canary of the kind holds, again and again. Long enough for three of its four base64
    /// forms to be as telling as itself.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Hidden => "HiDdEnKaNaRi",
            Self::Credential => "PaSsWoRdKaNaRi",
            Self::Public => "PuBlIcKaNaRi",
            Self::Source => "SoUrCeKaNaRi",
        }
    }
}

/// Makes canaries that differ from each other.
pub struct Aviary {
    state: u64,
}

impl Aviary {
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Letters and digits only, so that it may stand in a URL, a file name and a C string. Its mark
    /// is repeated: a piece of 40 bytes, cut out anywhere, still has it whole.
    pub fn hatch(&mut self, kind: Kind) -> String {
        let mark = kind.mark();
        let [a, b] = [self.next(), self.next()];
        format!("{mark}{a:08x}{mark}{b:08x}{mark}")
    }

    /// `SplitMix64` (Steele, Lea, Flood 2014), its upper half.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z >> 32
    }
}

/// Something in which no secret may be, and where it was found.
pub struct Trace {
    pub place: String,
    pub content: Vec<u8>,
}

impl Trace {
    pub fn new(place: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { place: place.into(), content: content.into() }
    }
}

/// A canary in a trace, with what is around it.
pub struct Sighting {
    place: String,
    form: &'static str,
    around: String,
}

impl Sighting {
    /// Whether the trace's place begins so.
    pub fn is_in(&self, place: &str) -> bool {
        self.place.starts_with(place)
    }
}

impl fmt::Debug for Sighting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): …{}…", self.place, self.form, self.around)
    }
}

/// Every trace with a canary of that kind in it, as it is or encoded; the first place in each.
pub fn sightings(kind: Kind, traces: &[Trace]) -> Vec<Sighting> {
    let forms = forms(kind.mark());
    let mut found = Vec::new();
    for Trace { place, content } in traces {
        let text = String::from_utf8_lossy(content);
        for (form, pattern) in &forms {
            if let Some(at) = text.find(pattern.as_str()) {
                let from = text.floor_char_boundary(at.saturating_sub(80));
                let to = text.floor_char_boundary((at + 160).min(text.len()));
                let (place, around) = (place.clone(), text[from..to].to_owned());
                found.push(Sighting { place, form, around });
                break;
            }
        }
    }
    found
}

/// How a text may be written. JSON, SQL and URLs leave letters and digits as they are.
fn forms(mark: &str) -> Vec<(&'static str, String)> {
    let hex = |upper: bool| -> String {
        let digits = |b: u8| if upper { format!("{b:02X}") } else { format!("{b:02x}") };
        mark.bytes().map(digits).collect()
    };
    let spaced =
        |between: &str| mark.bytes().map(|b| b.to_string()).collect::<Vec<_>>().join(between);
    let mut forms = vec![
        ("as it is", mark.to_owned()),
        ("reversed", mark.chars().rev().collect()),
        ("hex", hex(false)),
        ("upper-case hex", hex(true)),
        ("decimal bytes, as Debug writes them", spaced(", ")),
        ("decimal bytes, as JSON writes them", spaced(",")),
    ];
    forms.extend((0..3).map(|shift| ("base64", base64_core(mark, shift))));
    forms
}

/// The part of the base64 form (RFC 4648) that is the same whatever stands around `text`, when
/// `shift` bytes of the group of three that it begins in come before it.
fn base64_core(text: &str, shift: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bytes = [vec![0; shift], text.as_bytes().to_vec()].concat();
    let whole = bytes.chunks_exact(3).flat_map(|group| {
        let bits = group.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
        [18, 12, 6, 0].map(|at| char::from(ALPHABET[bits >> at & 63]))
    });
    // The first characters hold bits of what comes before.
    let foreign = [0, 2, 3][shift];
    whole.skip(foreign).collect()
}

#[test]
fn a_canary_is_sighted_in_every_form_and_by_any_piece_of_it() {
    let canary = Aviary::new(7).hatch(Kind::Hidden);
    let seen = |text: &str| !sightings(Kind::Hidden, &[Trace::new("a trace", text)]).is_empty();
    assert!(seen(&format!("before {canary} after")));
    assert!(seen(&canary[9..49]), "a piece");
    assert!(seen(&canary.chars().rev().collect::<String>()));
    assert!(seen(&format!("{:?}", canary.as_bytes())));
    assert!(seen(&serde_json::to_string(canary.as_bytes()).expect("bytes")));
    // As `printf %s … | base64` writes it, behind no, one and two bytes.
    assert!(seen("SGlEZEVuS2FOYVJpMDEyMzQ1Njc="));
    assert!(seen("eEhpRGRFbkthTmFSaTAxMjM0NTY3"));
    assert!(seen("eHhIaURkRW5LYU5hUmkwMTIzNDU2Nw=="));
    assert!(!seen(&Aviary::new(7).hatch(Kind::Public)));
}
