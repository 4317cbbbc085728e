#include "wire/hello.h"

#include <gtest/gtest.h>

namespace distkv::wire {
namespace {

Hello example() {
    return {.cluster = {0x1122},
            .from = {.node = {7}, .reactor = {1}},
            .incarnation = 0x0102030405060708,
            .to = {.node = {9}, .reactor = {0}}};
}

TEST(Hello, GoldenBytes) {
    const base::Bytes bytes = encode_hello(example());
    EXPECT_EQ(bytes, base::Bytes("DKVP\x01"
                                 "\x22\x11\x00\x00\x00\x00\x00\x00"
                                 "\x07\x00\x00\x00\x00\x00\x00\x00"
                                 "\x01\x00\x00\x00\x00\x00\x00\x00"
                                 "\x08\x07\x06\x05\x04\x03\x02\x01"
                                 "\x09\x00\x00\x00\x00\x00\x00\x00"
                                 "\x00\x00\x00\x00\x00\x00\x00\x00",
                                 kHelloBytes));
    const auto back = decode_hello(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, example());
}

TEST(Hello, EveryOtherLengthIsRefused) {
    const base::Bytes bytes = encode_hello(example());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_EQ(decode_hello(bytes.substr(0, size)).error().code, base::Errc::kCorrupt) << size;
    }
    EXPECT_EQ(decode_hello(bytes + "x").error().code, base::Errc::kCorrupt);
}

TEST(Hello, NamesWhatIsWrong) {
    base::Bytes other_version = encode_hello(example());
    other_version[4] = 2;
    EXPECT_EQ(to_string(decode_hello(other_version).error()),
              "invalid: the peer speaks version 2, we speak 1");
    EXPECT_EQ(to_string(decode_hello("GET / HTTP/1.1").error()),
              "corrupt: the connection does not begin with a hello");
    const Party me{.node = {9}, .reactor = {0}};
    EXPECT_TRUE(check_hello(example(), {0x1122}, me));
    EXPECT_EQ(to_string(check_hello(example(), {5}, me).error()),
              "invalid: 7.1 belongs to cluster 4386, we to 5");
    EXPECT_EQ(to_string(check_hello(example(), {0x1122}, {.node = {9}, .reactor = {1}}).error()),
              "invalid: 7.1 wants 9.0, this is 9.1");
}

}  // namespace
}  // namespace distkv::wire
