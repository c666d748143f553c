//! The field's shared vocabulary: ids, money, nights, code sets and the events that services publish to each other
