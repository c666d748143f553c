//! Whether a defect is planted, see `care::planted`; without the feature none is, and nothing is compiled for it.

/// Whether the defect is planted in this thread.
macro_rules! planted {
    ($defect:ident) => {{
        #[cfg(feature = "planted-defects")]
        let planted = care::planted::is_planted(care::planted::Planted::$defect);
        #[cfg(not(feature = "planted-defects"))]
        let planted = false;
        planted
    }};
}
