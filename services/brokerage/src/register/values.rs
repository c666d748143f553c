//! The values that Ofsted's words stand for.

use care::EstablishmentUrn;

/// A closed list of words in the file.
pub(crate) trait Worded: Copy + 'static {
    /// Each word and what it stands for.
    const WORDS: &'static [(&'static str, Self)];

    /// Reads a word, exactly as Ofsted writes it.
    fn from_word(text: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(word, _)| *word == text).map(|(_, value)| *value)
    }

    /// The word, as Ofsted writes it.
    fn word(self) -> &'static str
    where
        Self: PartialEq,
    {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $name { $($variant,)* }

        impl Worded for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),*];
        }
    };
}

words!(
    /// What is registered.
    ProvisionType {
        ChildrensHome = "Children's home",
        SecureChildrensHome = "Secure children's home",
        SupportedAccommodation = "Supported Accommodation",
        IndependentFosteringAgency = "Independent Fostering Agency",
        ResidentialFamilyCentre = "Residential Family Centre",
        ResidentialSpecialSchool = "Residential Special School",
        ResidentialSpecialSchoolAsHome = "Residential special school (registered as a children's home)",
    }
);

words!(
    /// Whether children may be placed there.
    Status {
        Active = "Active",
        Suspended = "Suspended",
    }
);

words!(
    /// Who owns it.
    OwnerSector {
        Private = "Private",
        Voluntary = "Voluntary",
        LocalAuthority = "Local Authority",
        HealthAuthority = "Health Authority",
        Academy = "Academy",
    }
);

words!(
    /// Ofsted's judgement.
    Grade {
        Unknown = "",
        Inadequate = "Inadequate",
        RequiresImprovement = "Requires improvement to be good",
        Good = "Good",
        Outstanding = "Outstanding",
    }
);

words!(
    /// Ofsted's outcome for supported accommodation.
    SupportedOutcome {
        SeriousWeaknesses = "Serious or widespread weaknesses",
        Inconsistent = "Inconsistent quality of service delivery",
        ConsistentlyStrong = "Consistently strong service delivery",
    }
);

words!(
    /// Whether an establishment offers short breaks alone.
    ShortBreaks {
        No = "",
        Only = "Short breaks only",
    }
);

impl Grade {
    /// The GRADE code of it.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Outstanding => "OUTSTANDING",
            Self::Good => "GOOD",
            Self::RequiresImprovement => "REQUIRES_IMPROVEMENT",
            Self::Inadequate => "INADEQUATE",
            Self::Unknown => "NONE",
        }
    }
}

impl ProvisionType {
    /// The SSDA903 PLACE codes that a placement there may have. Ofsted's file does not say which kind of fostering
    /// an agency offers, so `U*` stands for U1 to U6.
    pub(crate) const fn place_codes(self) -> &'static [&'static str] {
        match self {
            Self::ChildrensHome | Self::ResidentialSpecialSchoolAsHome => &["K2"],
            Self::SecureChildrensHome => &["K1"],
            Self::SupportedAccommodation => &["K3"],
            Self::IndependentFosteringAgency => &["U*", "U1", "U2", "U3", "U4", "U5", "U6"],
            Self::ResidentialFamilyCentre => &["R1", "R3"],
            Self::ResidentialSpecialSchool => &["S1"],
        }
    }

    /// The PROVISION codes of the establishments that a registration leads to, as [`ProvisionType::urn_suffixes`] has them.
    pub(crate) const fn provisions(self) -> &'static [&'static str] {
        match self {
            Self::ChildrensHome => &["RESIDENTIAL"],
            Self::ResidentialSpecialSchoolAsHome | Self::ResidentialSpecialSchool => {
                &["RESIDENTIAL_EDUCATION"]
            }
            Self::SecureChildrensHome => &["SECURE"],
            Self::SupportedAccommodation => &["SUPPORTED_ACCOMMODATION"],
            Self::ResidentialFamilyCentre => &["RESIDENTIAL_PARENT_CHILD"],
            Self::IndependentFosteringAgency => {
                &["FOSTERING", "FOSTERING_ENHANCED", "FOSTERING_PARENT_CHILD"]
            }
        }
    }

    /// The SSDA903 PLACE code of a placement there, as far as the register says.
    pub(crate) const fn place_code(self) -> &'static str {
        match self {
            Self::ChildrensHome | Self::ResidentialSpecialSchoolAsHome => "K2",
            Self::ResidentialSpecialSchool => "S1",
            Self::SecureChildrensHome => "K1",
            Self::SupportedAccommodation => "K3",
            Self::ResidentialFamilyCentre => "R3",
            Self::IndependentFosteringAgency => "U6",
        }
    }

    /// What follows the URN of a registration in the URN of each establishment that it leads to. Ofsted registers a fostering
    /// agency once; what differs by kind of fostering is who its carers are.
    pub(crate) const fn urn_suffixes(self) -> &'static [&'static str] {
        match self {
            Self::IndependentFosteringAgency => &["", "-2", "-3"],
            _ => &[""],
        }
    }

    /// The URNs of the establishments that a registration leads to, the first of which is its own.
    pub(crate) fn urns(self, urn: &EstablishmentUrn) -> impl Iterator<Item = String> {
        self.urn_suffixes().iter().map(move |suffix| format!("{urn}{suffix}"))
    }
}
