// `distkv store verify` and `distkv store stats`: a look inside the store of a node that does not
// run. Nothing is changed, and a damaged directory is described, not tripped over.
#pragma once

#include <string>

#include "distkv/output.h"

namespace distkv::distkv {

struct StoreQuestion {
    std::string directory;  // Of the store itself.
    bool json = false;
};

// Exit code 1 when something is damaged, 2 when there is no store.
Exit run_store_verify(const StoreQuestion& question, const Output& output);
Exit run_store_stats(const StoreQuestion& question, const Output& output);

}  // namespace distkv::distkv
