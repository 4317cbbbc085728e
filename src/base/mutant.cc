#include "base/mutant.h"

#if DISTKV_MUTANTS

#include <cstdlib>

#include "base/check.h"

namespace distkv::base {
namespace {

constexpr std::string_view kKnown[] = {
#define X(name, what) "mutant:" #name,
    DISTKV_MUTANT_LIST(X)
#undef X
};

constexpr std::string_view kPrefix = "mutant:";

// The one mutable global of the code base, and only in this build: a planted bug must reach pure
// functions without changing their signatures.
std::string_view& active() {
    static std::string_view name = [] {
        const char* wanted = std::getenv("DISTKV_MUTANT");
        return wanted == nullptr ? std::string_view() : std::string_view(wanted);
    }();
    return name;
}

}  // namespace

bool mutant_is_on(std::string_view marked_name) {
    return active() == marked_name.substr(kPrefix.size());
}

PlantedBug::PlantedBug(std::string_view name) {
    bool known = false;
    for (const std::string_view candidate : kKnown) {
        known = known || candidate.substr(kPrefix.size()) == name;
    }
    CHECK(known, name);
    active() = name;
}

PlantedBug::~PlantedBug() {
    active() = {};
}

}  // namespace distkv::base

#endif
