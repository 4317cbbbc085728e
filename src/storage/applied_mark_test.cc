#include "storage/applied_mark.h"

#include <gtest/gtest.h>

namespace distkv::storage {
namespace {

using namespace std::string_literals;

TEST(AppliedMark, HasFixedBytes) {
    EXPECT_EQ(encode_mark({0x0102030405060708}), "\x01\x08\x07\x06\x05\x04\x03\x02\x01"s);
    EXPECT_EQ(decode_mark(encode_mark({77}))->value, 77U);
}

TEST(AppliedMark, RefusesEveryTruncationAndWhatItDoesNotKnow) {
    const base::Bytes whole = encode_mark({77});
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_EQ(decode_mark(whole.substr(0, size)).error().code, base::Errc::kCorrupt) << size;
    }
    EXPECT_FALSE(decode_mark(whole + "x").has_value());
    EXPECT_FALSE(decode_mark("\x02" + whole.substr(1)).has_value());
}

}  // namespace
}  // namespace distkv::storage
