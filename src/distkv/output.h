// Where a verb writes, and what that place can show. Verbs never touch std::cout, so that tests see
// every byte.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

namespace distkv::distkv {

struct Output {
    std::ostream& out;           // Results.
    std::ostream& err;           // Progress and complaints.
    bool out_colours = false;    // Only a terminal has them.
    bool err_terminal = false;   // A line can be drawn over.
    std::istream* in = nullptr;  // What a file called "-" is; none: an empty one.
};

// What the shell sees.
enum class Exit : std::uint8_t {
    kFine = 0,
    kRefused = 1,   // A violation, a budget that cannot be kept, a clock that cannot be trusted,
                    // an answer that could not be written.
    kBadUsage = 2,  // The command line, or a file it names, is wrong.
};

enum class Tone : std::uint8_t { kPlain, kBold, kFaint, kGood, kWarn, kBad };

std::string painted(std::string_view text, Tone tone, bool colours);

// "distkv: <what was wrong; what would be right>", on one line: control bytes, which a name or a
// file may hold, do not reach the terminal.
Exit complain(const Output& output, Exit code, std::string_view what);

}  // namespace distkv::distkv
