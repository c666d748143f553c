//! The gRPC API of all services, generated from `proto/`: messages, clients, servers and the descriptors that
//! reflection serves. Its documentation is the comments of the `.proto` files.
#![allow(missing_docs, unreachable_pub, reason = "generated code: the .proto files carry the documentation")]
#![allow(clippy::all, clippy::large_futures, reason = "generated code")]

/// The descriptors of every service and message, as an encoded `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

macro_rules! packages {
    ($($module:ident = $package:literal),+ $(,)?) => {
        // Generated code names other packages by their place in this tree.
        mod brokerage {
            $(pub mod $module {
                pub mod v1 {
                    tonic::include_proto!($package);
                }
            })+
        }
        $(
            #[doc = concat!("`", $package, "`")]
            pub use brokerage::$module::v1 as $module;
        )+
    };
}

packages! {
    common = "brokerage.common.v1",
    referrals = "brokerage.referrals.v1",
    vacancies = "brokerage.vacancies.v1",
    contracts = "brokerage.contracts.v1",
    invoicing = "brokerage.invoicing.v1",
    audit = "brokerage.audit.v1",
    operations = "brokerage.operations.v1",
}
