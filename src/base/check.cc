#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace distkv::base {

void check_failed(std::string_view condition, std::string_view detail, std::string_view file,
                  int line) {
    std::fprintf(stderr, "CHECK failed: %.*s%s%.*s (%.*s:%d)\n", static_cast<int>(condition.size()),
                 condition.data(), detail.empty() ? "" : ": ", static_cast<int>(detail.size()),
                 detail.data(), static_cast<int>(file.size()), file.data(), line);
    std::fflush(stderr);
    std::abort();
}

}  // namespace distkv::base
