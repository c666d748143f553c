//! Postcode sectors, outcodes, authorities and the statutory distance
