//! Who may call what. Everybody may see the register; who holds or has a place is masked in the answers.

use service_kit::Access::{Any, Granted, Never, Own};
use service_kit::Rule;

/// The rule of each method.
pub const RULES: &[Rule] = &[
    Rule::new("/brokerage.vacancies.v1.VacanciesService/RegisterProvider", Never, Never, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/RegisterEstablishment", Never, Never, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/AmendEstablishment", Never, Never, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/ServeRestrictionNotice", Never, Never, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/LiftRestrictionNotice", Never, Never, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/GetEstablishment", Any, Any, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/ListEstablishments", Any, Any, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/OpenPlaces", Never, Own, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/ClosePlace", Never, Own, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/AdvertiseVacancy", Never, Own, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/WithdrawVacancy", Never, Own, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/ConfirmVacancy", Never, Own, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/UpsertVacancies", Never, Own, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/GetPlace", Any, Granted, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/GetPlaceCalendar", Any, Granted, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/ListPlaces", Never, Own, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/SearchVacancies", Own, Never, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/WatchVacancies", Own, Never, Any),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/HoldPlace", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/ReleaseHold", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/GetHoldPolicy", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/SetHoldPolicy", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/ReservePlace", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/EndReservation", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/ListReservations", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/OfferBlock", Never, Own, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/AcceptBlock", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/DeclineBlock", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/EndBlock", Own, Own, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/ListBlocks", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/OfferResale", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/WithdrawResale", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/BuyResale", Own, Never, Never),
    Rule::new("/brokerage.vacancies.v1.VacanciesService/ListResales", Own, Never, Never),
];
