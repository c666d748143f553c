//! The gRPC API of all services, generated from `proto/`: messages, clients, servers and the descriptors that
//! reflection serves. Its documentation is the comments of the `.proto` files.
#![allow(missing_docs, unreachable_pub, reason = "generated code: the .proto files carry the documentation")]
#![allow(clippy::all, clippy::large_futures, reason = "generated code")]

/// The descriptors of every service and message, as an encoded `google.protobuf.FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

macro_rules! package {
    ($module:ident, $package:literal) => {
        #[doc = concat!("`", $package, "`")]
        pub mod $module {
            tonic::include_proto!($package);
        }
    };
}

package!(common, "brokerage.common.v1");
package!(referrals, "brokerage.referrals.v1");
package!(vacancies, "brokerage.vacancies.v1");
package!(contracts, "brokerage.contracts.v1");
package!(invoicing, "brokerage.invoicing.v1");
package!(audit, "brokerage.audit.v1");
