//! No accepted message is lost, and none is sent twice without being marked: through `kill -9` and power cuts, of the
//! service as it is installed, under load, against a gateway that counts.

mod kills;
mod load;
mod power_cuts;
mod service;
mod stand;
mod verdict;
