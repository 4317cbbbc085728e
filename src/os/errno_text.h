// What the system said, as words.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace distkv::os {

// "cannot open a/b: No such file or directory"
inline std::string errno_text(std::string_view what, int error) {
    return std::string(what) + ": " + std::generic_category().message(error);
}

}  // namespace distkv::os
