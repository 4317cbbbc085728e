#include "time/interval.h"

#include "base/check.h"

namespace distkv::time {

std::string_view name_of(Answer answer) {
    switch (answer) {
        case Answer::kYes:
            return "yes";
        case Answer::kNo:
            return "no";
        case Answer::kUnknown:
            return "unknown";
    }
    return "?";
}

void OverlapGauge::end() {
    CHECK(open_ > 0, "an interval ended that never began");
    --open_;
}

}  // namespace distkv::time
