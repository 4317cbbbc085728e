// A tree of services, read from a TOML file that a person wrote (docs/examples/budget.toml).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "time/service_tree.h"

namespace distkv::distkv {

struct BudgetFile {
    time::Service root;
    time::ServiceTreeOptions options;
};

// Errors name the line or the service, and say what would be right.
base::Result<BudgetFile> parse_budget(std::string_view toml_text, const std::string& name);

}  // namespace distkv::distkv
