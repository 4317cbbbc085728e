// A file that a person wrote, whole, and refused when it is too large to be one.
#pragma once

#include <string>

#include "base/result.h"

namespace distkv::distkv {

base::Result<std::string> read_config_file(const std::string& path);

}  // namespace distkv::distkv
