// Whatever stands in a file: no core breaks an invariant of its own, and the lab keeps the contract
// of an owner.
#include "raft_lab/script.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace distkv;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    raft_lab::Script script;
    // So many lines of the most expensive kind take a second under the sanitizers.
    constexpr std::size_t kLines = 100;
    for (std::size_t n = 0; n < kLines && !text.empty(); ++n) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        // A mistake in one line does not stop a fuzzer: the next one may be right.
        if (const auto done = script.take(line); !done) {
            CHECK(done.error().detail.starts_with("line "));
            CHECK(done.error().detail.find("would be right") != std::string::npos);
        }
        static_cast<void>(script.lab().take_trace());
    }
    for (const std::string& line : script.lab().describe()) {
        CHECK(line.starts_with("{\"id\":") && line.ends_with('}'));
    }
    return 0;
}
