#include "wire/frame.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/rng.h"

namespace distkv::wire {
namespace {

using base::Bytes;
using base::ByteView;

Bytes frame(ByteView payload) {
    Bytes out;
    append_frame(out, payload);
    return out;
}

std::vector<Bytes> drain(FrameDecoder& decoder) {
    std::vector<Bytes> found;
    for (;;) {
        auto next = decoder.next();
        EXPECT_TRUE(next) << next.error().detail;
        if (!next || !*next) {
            return found;
        }
        found.emplace_back(**next);
    }
}

TEST(Frame, GoldenBytes) {
    EXPECT_EQ(frame("abc"), Bytes("\x03\x00\x00\x00\xf8\x83\x14\x55"
                                  "abc",
                                  11));
    EXPECT_EQ(frame(""), Bytes("\x00\x00\x00\x00\xc7\x4b\x67\x48", 8));
    EXPECT_EQ(frame_size_at(frame("abc")), 11U);
}

TEST(Frame, EverySplitGivesTheSameFrames) {
    const std::vector<Bytes> sent = {"", "a", Bytes(70, 'x'), "", "tail"};
    Bytes stream;
    for (const Bytes& payload : sent) {
        append_frame(stream, payload);
    }
    for (std::size_t first = 0; first <= stream.size(); ++first) {
        for (std::size_t second = first; second <= stream.size(); ++second) {
            FrameDecoder decoder(100);
            std::vector<Bytes> got;
            const ByteView whole(stream);
            for (const ByteView piece :
                 {whole.substr(0, first), whole.substr(first, second - first),
                  whole.substr(second)}) {
                decoder.feed(piece);
                for (Bytes& payload : drain(decoder)) {
                    got.push_back(std::move(payload));
                }
            }
            ASSERT_EQ(got, sent) << first << " " << second;
            ASSERT_EQ(decoder.pending(), 0U);
        }
    }
}

TEST(Frame, RandomStreamsInRandomPieces) {
    base::Rng rng(7);
    for (int round = 0; round < 50; ++round) {
        std::vector<Bytes> sent;
        Bytes stream;
        for (int i = 0; i < 100; ++i) {
            sent.emplace_back(rng.below(rng.chance(100'000) ? 100'000 : 100),
                              static_cast<char>('a' + i % 26));
            append_frame(stream, sent.back());
        }
        FrameDecoder decoder(base::limits::kFrameBytesMax);
        std::vector<Bytes> got;
        for (std::size_t at = 0; at < stream.size();) {
            const std::size_t piece =
                std::min<std::size_t>(1 + rng.below(5000), stream.size() - at);
            decoder.feed(ByteView(stream).substr(at, piece));
            at += piece;
            if (rng.chance(300'000)) {
                continue;  // Frames may wait in the decoder.
            }
            for (Bytes& payload : drain(decoder)) {
                got.push_back(std::move(payload));
            }
        }
        for (Bytes& payload : drain(decoder)) {
            got.push_back(std::move(payload));
        }
        ASSERT_EQ(got, sent);
    }
}

TEST(Frame, EveryFlippedBitIsNoticed) {
    const Bytes good = frame("some payload") + frame("and the next");
    for (std::size_t bit = 0; bit < 8 * frame("some payload").size(); ++bit) {
        Bytes bad = good;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        FrameDecoder decoder(1000);
        decoder.feed(bad);
        const auto next = decoder.next();
        // A length that claims more than has arrived can only wait for the rest.
        ASSERT_TRUE(!next || !*next) << bit;
        if (!next) {
            EXPECT_EQ(next.error().code, base::Errc::kCorrupt);
            EXPECT_FALSE(decoder.next()) << "an error is for ever";
        }
    }
}

TEST(Frame, TheLimitIsRefusedFromTheLengthAlone) {
    FrameDecoder decoder(10);
    decoder.feed(ByteView("\x0b\x00\x00\x00", 4));
    const auto next = decoder.next();
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().detail, "a frame of 11 bytes; at most 10 are allowed");
}

TEST(Frame, ALargeFrameCostsNoQuadraticCopyingNorMemoryAfterwards) {
    const Bytes payload(base::limits::kFrameBytesMax, 'x');
    const Bytes stream = frame(payload);
    FrameDecoder decoder(base::limits::kFrameBytesMax);
    std::size_t capacity_max = 0;
    for (std::size_t at = 0; at < stream.size(); at += 1000) {
        decoder.feed(ByteView(stream).substr(at, 1000));
        capacity_max = std::max(capacity_max, decoder.capacity());
        const auto next = decoder.next();
        ASSERT_TRUE(next);
        ASSERT_EQ(next->has_value(), at + 1000 >= stream.size());
    }
    EXPECT_LE(capacity_max, 2 * stream.size() + 2000);
    EXPECT_LE(decoder.space(1000).size(), std::size_t{256} << 10);
}

TEST(Frame, ReadingIntoTheDecoderIsTheSameAsFeedingIt) {
    const Bytes stream = frame("one") + frame("two");
    FrameDecoder decoder(10);
    for (const char byte : stream) {
        decoder.space(1)[0] = byte;
        decoder.filled(1);
    }
    EXPECT_EQ(drain(decoder), (std::vector<Bytes>{"one", "two"}));
}

}  // namespace
}  // namespace distkv::wire
