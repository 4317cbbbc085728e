#include "base/result.h"

namespace distkv::base {

std::string_view name_of(Errc code) {
    switch (code) {
        case Errc::kInvalid:
            return "invalid";
        case Errc::kNotFound:
            return "not found";
        case Errc::kRedirect:
            return "redirect";
        case Errc::kRetry:
            return "retry";
        case Errc::kUnknown:
            return "unknown outcome";
        case Errc::kCorrupt:
            return "corrupt";
        case Errc::kFull:
            return "full";
    }
    return "?";
}

std::string to_string(const Error& error) {
    return std::string(name_of(error.code)) + ": " + error.detail;
}

}  // namespace distkv::base
