// Whatever parses as a stamp is written back as the very same text.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "time/duration_text.h"
#include "time/geography.h"
#include "time/hlc.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace distkv;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto stamp = time::parse_stamp(text)) {
        CHECK(time::to_string(*stamp) == text);
    }
    if (const auto hlc = time::parse_hlc(text)) {
        CHECK(time::to_string(*hlc) == text);
    }
    if (const auto duration = time::parse_duration(text)) {
        CHECK(*duration >= time::Duration::zero());
        CHECK(time::parse_duration(time::to_text(*duration)).has_value());
    }
    // Looking for the nearest spelling of long names would take all the time there is.
    constexpr std::size_t kNameBytesMax = 12;
    const bool coordinates = text.find(',') != std::string_view::npos;
    if (coordinates || size <= kNameBytesMax) {
        if (const auto place = time::locate(text)) {
            CHECK(time::validate(*place).has_value());
        }
    }
    return 0;
}
