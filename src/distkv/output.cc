#include "distkv/output.h"

#include <ostream>

#include "distkv/table.h"

namespace distkv::distkv {
namespace {

std::string_view escape_of(Tone tone) {
    switch (tone) {
        case Tone::kPlain:
            return "";
        case Tone::kBold:
            return "\x1b[1m";
        case Tone::kFaint:
            return "\x1b[2m";
        case Tone::kGood:
            return "\x1b[32m";
        case Tone::kWarn:
            return "\x1b[33m";
        case Tone::kBad:
            return "\x1b[31m";
    }
    return "";
}

}  // namespace

std::string painted(std::string_view text, Tone tone, bool colours) {
    if (!colours || tone == Tone::kPlain || text.empty()) {
        return std::string(text);
    }
    return std::string(escape_of(tone)).append(text).append("\x1b[0m");
}

Exit complain(const Output& output, Exit code, std::string_view what) {
    output.err << "distkv: " << printable(what) << '\n';
    return code;
}

}  // namespace distkv::distkv
