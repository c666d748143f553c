//! The code sets of the referral form: what a council tells of a child so that homes can say whether they suit. What each form asks is
//! after East Riding's placement specification and Merton's referral form; Durham asks that strengths stand beside risks.
//!
//! Where a set has `NONE` or `NO`, that is an answer: it was looked for and is not so. What is not known has no code.

use super::{Code, CodeSet};

set! {
    /// What may go wrong, for the child or for others. Durham's referrals balance them with [`STRENGTH`].
    RISK = "RISK" {
        "SELF_HARM" => "Harms himself or herself",
        "SUICIDE" => "Thoughts or attempts of suicide",
        "MISSING" => "Goes missing",
        "CRIMINAL_EXPLOITATION" => "Criminal exploitation",
        "SEXUAL_EXPLOITATION" => "Sexual exploitation",
        "VIOLENCE_ADULTS" => "Violence towards adults",
        "VIOLENCE_CHILDREN" => "Violence towards other children",
        "WEAPONS" => "Carries weapons",
        "FIRE" => "Sets fires",
        "SUBSTANCES" => "Misuses drugs, alcohol or solvents",
        "SEXUAL_HARM" => "Harmful sexual behaviour",
        "PROPERTY" => "Damages property",
        "ANIMALS" => "Hurts animals",
        "ALLEGATIONS" => "Has made allegations against carers",
        "RADICALISATION" => "Radicalisation",
        "ONLINE" => "Harm online",
        "FAMILY" => "Harm by family or those around it",
        "NONE" => "Considered: none known",
    }
}
set! {
    /// What goes well: a strength-based account, as Durham asks for.
    STRENGTH = "STRENGTH" {
        "TRUST" => "Trusts adults who are reliable",
        "FRIENDSHIPS" => "Makes and keeps friends",
        "FAMILY_BONDS" => "Strong bonds with family",
        "LEARNING" => "Enjoys learning, attends school or training",
        "SPORT" => "Sport and being outdoors",
        "CREATIVE" => "Music, art, making things",
        "ANIMALS" => "Good with animals",
        "HUMOUR" => "Humour",
        "KINDNESS" => "Cares for others",
        "INDEPENDENCE" => "Looks after himself or herself well for the age",
        "ASKS_FOR_HELP" => "Asks for help and takes it",
        "COPING" => "Has ways of calming down",
        "PLANS" => "Has plans and works for them",
    }
}
set! {
    /// Where a child learns.
    EDUCATION_PHASE = "EDUCATION_PHASE" {
        "EARLY_YEARS" => "Early years",
        "PRIMARY" => "Primary school",
        "SECONDARY" => "Secondary school",
        "SPECIAL" => "Special school",
        "ALTERNATIVE" => "Alternative provision or pupil referral unit",
        "POST_16" => "Sixth form, college or training",
        "HOME" => "Educated at home",
        "NONE" => "In no school, training or work",
    }
}
set! {
    /// Whether there is an education, health and care plan.
    EHCP = "EHCP" { "YES" => "There is one", "ASSESSMENT" => "Being assessed for one", "NO" => "There is none", }
}
set! {
    /// Special educational needs and disabilities, by the types of need of the DfE school census.
    SEND = "SEND" {
        "SPLD" => "Specific learning difficulty",
        "MLD" => "Moderate learning difficulty",
        "SLD" => "Severe learning difficulty",
        "PMLD" => "Profound and multiple learning difficulty",
        "SEMH" => "Social, emotional and mental health",
        "SLCN" => "Speech, language and communication needs",
        "HI" => "Hearing impairment",
        "VI" => "Vision impairment",
        "MSI" => "Multi-sensory impairment",
        "PD" => "Physical disability",
        "ASD" => "Autistic spectrum disorder",
        "OTH" => "Other difficulty or disability",
        "NONE" => "None",
    }
}
set! {
    /// Health, as far as a home has to be ready for it.
    HEALTH = "HEALTH" {
        "ALLERGY" => "Severe allergy",
        "ASTHMA" => "Asthma",
        "DIABETES" => "Diabetes",
        "EPILEPSY" => "Epilepsy",
        "ADHD" => "ADHD",
        "FASD" => "Foetal alcohol spectrum disorder",
        "EATING" => "Eating disorder",
        "SLEEP" => "Sleep",
        "CAMHS" => "Open to child and adolescent mental health services",
        "MEDICATION" => "Medicines that carers give",
        "MOBILITY" => "Moving about",
        "SENSORY" => "Sight or hearing",
        "CONTINENCE" => "Continence",
        "PREGNANCY" => "Pregnancy",
        "COMPLEX" => "Complex or life-limiting condition",
        "NONE" => "Considered: nothing known",
    }
}
set! {
    /// How often the child sees its family.
    FAMILY_TIME = "FAMILY_TIME_FREQUENCY" {
        "DAILY" => "Every day or nearly",
        "SEVERAL_A_WEEK" => "Several times a week",
        "WEEKLY" => "Every week",
        "FORTNIGHTLY" => "Every two weeks",
        "MONTHLY" => "Every month",
        "LESS_OFTEN" => "Less often than every month",
        "NONE" => "None for now",
    }
}
set! {
    /// SSDA903 ethnic origin.
    ETHNICITY = "ETHNIC" {
        "WBRI" => "White British",
        "WIRI" => "White Irish",
        "WIRT" => "Traveller of Irish heritage",
        "WROM" => "Gypsy or Roma",
        "WOTH" => "Any other White background",
        "MWBC" => "White and Black Caribbean",
        "MWBA" => "White and Black African",
        "MWAS" => "White and Asian",
        "MOTH" => "Any other mixed background",
        "AIND" => "Indian",
        "APKN" => "Pakistani",
        "ABAN" => "Bangladeshi",
        "AOTH" => "Any other Asian background",
        "BCRB" => "Caribbean",
        "BAFR" => "African",
        "BOTH" => "Any other Black background",
        "CHNE" => "Chinese",
        "OOTH" => "Any other ethnic group",
        "REFU" => "Refused",
    }
}
set! {
    /// Religion, in the groups of the census of England and Wales.
    RELIGION = "RELIGION" {
        "NONE" => "No religion",
        "CHRISTIAN" => "Christian",
        "BUDDHIST" => "Buddhist",
        "HINDU" => "Hindu",
        "JEWISH" => "Jewish",
        "MUSLIM" => "Muslim",
        "SIKH" => "Sikh",
        "OTHER" => "Any other religion",
    }
}
set! {
    /// First language, ISO 639-3 in upper case; those that placement teams meet most.
    LANGUAGE = "LANGUAGE" {
        "ENG" => "English",
        "BFI" => "British Sign Language",
        "AMH" => "Amharic",
        "ARA" => "Arabic",
        "BEN" => "Bengali",
        "CYM" => "Welsh",
        "FAS" => "Persian or Dari",
        "FRA" => "French",
        "KUR" => "Kurdish",
        "LIT" => "Lithuanian",
        "PAN" => "Punjabi",
        "POL" => "Polish",
        "POR" => "Portuguese",
        "PUS" => "Pashto",
        "ROM" => "Romani",
        "RON" => "Romanian",
        "SOM" => "Somali",
        "SPA" => "Spanish",
        "SQI" => "Albanian",
        "TIR" => "Tigrinya",
        "TUR" => "Turkish",
        "UKR" => "Ukrainian",
        "URD" => "Urdu",
        "VIE" => "Vietnamese",
        "ZHO" => "Chinese",
        "OTHER" => "Another",
    }
}
set! {
    /// Whether siblings are to live together.
    SIBLINGS = "SIBLINGS" {
        "REQUIRED" => "Together",
        "PREFERRED" => "Together if that can be had",
        "APART" => "Apart",
        "NO_SIBLINGS" => "No siblings seek a home",
    }
}
set! {
    /// Why siblings are to live together or apart.
    SIBLING_REASON = "SIBLING_REASON" {
        "BOND" => "Their bond",
        "WISHES" => "Their wishes",
        "COURT" => "A court's direction",
        "CARE_PLAN" => "The care plan",
        "NEEDS" => "Needs that one home cannot meet",
        "SAFETY" => "One is a risk to another",
    }
}
set! {
    /// Whether a parent and a child come together.
    PARENT_AND_CHILD = "PARENT_AND_CHILD" {
        "PARENT" => "The child referred is a parent and comes with the baby",
        "EXPECTING" => "The child referred expects a baby",
        "CHILD" => "The child referred comes with a parent",
        "NO" => "Neither",
    }
}
set! {
    /// Deprivation of liberty, after the Placements Northwest census.
    DEPRIVATION_OF_LIBERTY = "DOL" {
        "CURRENT" => "An order is in force",
        "SOUGHT" => "An order is being sought",
        "PREVIOUS" => "There was one",
        "NO" => "None",
    }
}
set! {
    /// The National Transfer Scheme, protocol of June 2025.
    NATIONAL_TRANSFER = "NTS" {
        "REFERRED" => "Referred to the scheme, to move to another council",
        "TRANSFERRED" => "Came to this council by the scheme",
        "NO" => "Not by the scheme",
    }
}
set! {
    /// By which way a child comes to the one point where all referrals arrive, such as Derby's One Stop Shop.
    ROUTE_INTO_CARE = "ROUTE_INTO_CARE" {
        "CHILD_IN_CARE" => "Child in care",
        "CHILD_IN_NEED" => "Child in need",
        "HOMELESS_16_17" => "Homeless, 16 or 17",
        "CARE_LEAVER" => "Care leaver",
    }
}
set! {
    /// What a home must not have for this child.
    EXCLUSION = "EXCLUSION" {
        "PETS" => "Pets",
        "OTHER_CHILDREN" => "Other children",
        "YOUNGER_CHILDREN" => "Younger children",
        "MALE_CARERS" => "Male carers",
        "FEMALE_CARERS" => "Female carers",
        "NONE" => "Considered: nothing is excluded",
    }
}
