// A block from when it is made up until it is durable or taken back. For the log itself.
#pragma once

#include <vector>

#include "storage_log/log.h"

namespace distkv::storage_log {

struct Log::Block {
    Place at;
    std::size_t size = 0;
    base::Bytes bytes;  // Gone once they are handed over.
    std::vector<Place> places;
    Summary summary_before;     // As it was, should the block be taken back.
    bool zeros_behind = false;  // Written into zeros that are to be there first, or with them.
};

}  // namespace distkv::storage_log
