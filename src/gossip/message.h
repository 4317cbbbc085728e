// What nodes say to each other to keep time. Every message is stamped; a ping asks, a pong answers,
// a refusal answers a ping whose stamp was too far in the future. Answers tell what the asker's
// message looked like on arrival, from which both sides bound each other's clocks.
//
//     byte    version, 1
//     byte    kind
//     8       stamp (HLC word)
//     varint  incarnation of the sender, its durable floor when it started
//     varint  number, counting the sender's messages of this incarnation
//     3       the sender's clocks when it sent: zigzag mono, zigzag wall, varint how much later
//             the wall may have been read; nanoseconds
//     and in answers
//     zigzag  the ping's mono, given back
//     varint  the ping's incarnation
//     varint  the ping's number
//     3       the answerer's clocks when the ping arrived
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "time/hlc.h"
#include "time/instant.h"
#include "time/offset.h"

namespace distkv::gossip {

enum class MessageKind : std::uint8_t { kPing = 1, kPong = 2, kRefusal = 3 };

struct Message {
    MessageKind kind = MessageKind::kPing;
    time::Hlc stamp;
    std::uint64_t incarnation = 0;
    std::uint64_t number = 0;
    time::ClockReading sent{};

    // Of answers only.
    time::MonoTime ping_mono{};
    std::uint64_t ping_incarnation = 0;
    std::uint64_t ping_number = 0;
    time::ClockReading ping_arrived{};

    [[nodiscard]] bool is_answer() const { return kind != MessageKind::kPing; }
};

base::Bytes encode(const Message& message);
base::Result<Message> decode_message(base::ByteView bytes);

}  // namespace distkv::gossip
