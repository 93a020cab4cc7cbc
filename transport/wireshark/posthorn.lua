-- Wireshark and tshark dissector of the Posthorn protocol, version 1 (PROTOCOL.md; the numbers in
-- comments are its sections).
--
-- To use it: copy it into the folder that "tshark -G folders" calls Personal Lua Plugins, or
--   tshark -X lua_script:posthorn.lua -r capture.pcapng
--
-- It finds Posthorn on any UDP port by the handshake, or by the checksum of a clear packet. It shows
-- handshake and control packets, and the frames of data packets whose payload stands in clear:
-- those of Security.none(), and those that "posthorn trace --keylog" has decrypted. Of a sealed
-- data packet nothing but connection id and length can be told.

local posthorn = Proto("posthorn", "Posthorn Protocol")

local VERSION = 0x50480001
local MINIMUM_CLEAR = 14
local MINIMUM_SEALED = 29
local CONNECTION_ID = 8
local CHECKSUM = 4

local PACKET_TYPES = {
  [4] = "M1, first handshake message",
  [5] = "M2, second handshake message",
  [6] = "M3, third handshake message",
  [7] = "Control",
  [8] = "Data",
}
local SUITES = {
  [0] = "clear",
  [1] = "Noise_XX_25519_AESGCM_SHA256",
  [2] = "Noise_XXpsk3_25519_AESGCM_SHA256",
}
local CONTROL_KINDS = {
  [1] = "Retry",
  [2] = "Versions",
  [3] = "Refused",
  [4] = "Unknown connection",
}
local FRAMES = {
  [0x00] = "PADDING",
  [0x01] = "PING",
  [0x02] = "ACK",
  [0x03] = "ACK_ECN",
  [0x04] = "CHANNEL_DATA",
  [0x05] = "CHANNEL_DATA_LAST",
  [0x06] = "CHANNEL_FIN",
  [0x07] = "MAX_CHANNEL_DATA",
  [0x08] = "CHANNEL_BLOCKED",
  [0x09] = "MAX_MESSAGES",
  [0x0a] = "MAX_MESSAGE_DATA",
  [0x0b] = "MESSAGES_BLOCKED",
  [0x10] = "MESSAGE",
  [0x11] = "MESSAGE_PART",
  [0x12] = "MESSAGE_LATEST",
  [0x13] = "MESSAGE_ABORT",
  [0x14] = "DATAGRAM",
  [0x15] = "DATAGRAM_SEQUENCED",
  [0x18] = "CONFIRM_REQUEST",
  [0x19] = "CONFIRM",
  [0x1c] = "NEW_CONNECTION_ID",
  [0x1d] = "RETIRE_CONNECTION_ID",
  [0x1e] = "PATH_CHALLENGE",
  [0x1f] = "PATH_RESPONSE",
  [0x20] = "ACK_FREQUENCY",
  [0x21] = "CLOSE",
}
local CLOSE_CODES = {
  [0x00] = "APPLICATION",
  [0x01] = "PROTOCOL_VIOLATION",
  [0x02] = "FRAME_ENCODING",
  [0x03] = "FLOW_CONTROL",
  [0x04] = "LIMIT",
  [0x05] = "FINAL_SIZE",
  [0x06] = "MESSAGE_TOO_LARGE",
  [0x07] = "PARAMETERS",
  [0x08] = "KEY_LIMIT",
  [0x09] = "REFUSED",
  [0x0a] = "IDENTITY",
  [0x0b] = "SECURITY",
  [0x0c] = "INTERNAL",
}
local CONFIRM_KINDS = { [0] = "unordered, by id", [1] = "ordered, by count" }
local PARAMETERS = {
  [0x01] = "connectionId",
  [0x02] = "instanceId",
  [0x03] = "resetToken",
  [0x04] = "maxIdleTimeout",
  [0x05] = "maxAckDelay",
  [0x06] = "initialMaxChannelData",
  [0x07] = "maxChannels",
  [0x08] = "initialMaxMessages",
  [0x09] = "initialMaxMessageData",
  [0x0a] = "maxWholeMessage",
  [0x0b] = "maxUdpPayload",
  [0x0c] = "receiveBuffer",
  [0x0d] = "activeConnectionIdLimit",
  [0x0e] = "registrationFingerprint",
  [0x0f] = "maxDatagramMessage",
  [0x10] = "application",
}

local f = {
  type = ProtoField.uint8("posthorn.packet_type", "Packet type", base.DEC, PACKET_TYPES),
  version = ProtoField.uint32("posthorn.version", "Version", base.HEX),
  suite = ProtoField.uint8("posthorn.suite", "Suite", base.DEC, SUITES),
  initiator_id = ProtoField.bytes("posthorn.initiator_id", "Initiator's connection id"),
  responder_id = ProtoField.bytes("posthorn.responder_id", "Responder's connection id"),
  destination_id = ProtoField.bytes("posthorn.destination_id", "Destination connection id"),
  cookie = ProtoField.bytes("posthorn.cookie", "Cookie"),
  body = ProtoField.bytes("posthorn.handshake_body", "Handshake body"),
  padding_bytes = ProtoField.uint32("posthorn.padding", "Padding, bytes"),
  kind = ProtoField.uint8("posthorn.control_kind", "Kind", base.DEC, CONTROL_KINDS),
  echo = ProtoField.bytes("posthorn.echo", "First bytes of the packet answered"),
  parameter = ProtoField.uint64("posthorn.parameter", "Parameter", base.HEX),
  parameter_bytes = ProtoField.bytes("posthorn.parameter_value", "Value"),
  checksum = ProtoField.uint32("posthorn.checksum", "Checksum (CRC32C)", base.HEX),
  key_phase = ProtoField.uint8("posthorn.key_phase", "Key phase bit", base.DEC, nil, 0x04),
  number_length = ProtoField.uint8("posthorn.packet_number_length", "Packet number length less 1",
    base.DEC, nil, 0x03),
  number = ProtoField.uint32("posthorn.packet_number", "Packet number, its low bytes", base.DEC),
  sealed = ProtoField.bytes("posthorn.sealed", "Sealed: packet number, frames, tag"),
  frame = ProtoField.uint8("posthorn.frame_type", "Frame", base.HEX, FRAMES),
  padding_frames = ProtoField.uint32("posthorn.padding_frames", "PADDING frames"),
  largest = ProtoField.uint64("posthorn.ack.largest", "Largest acknowledged"),
  delay = ProtoField.uint64("posthorn.ack.delay", "Delay, µs"),
  range = ProtoField.string("posthorn.ack.range", "Range"),
  ect0 = ProtoField.uint64("posthorn.ack.ect0", "ECT(0)"),
  ect1 = ProtoField.uint64("posthorn.ack.ect1", "ECT(1)"),
  ce = ProtoField.uint64("posthorn.ack.ce", "CE"),
  channel = ProtoField.uint64("posthorn.channel", "Channel"),
  offset = ProtoField.uint64("posthorn.offset", "Offset"),
  length = ProtoField.uint64("posthorn.length", "Length"),
  data = ProtoField.bytes("posthorn.data", "Data"),
  text = ProtoField.string("posthorn.text", "Text"),
  final_offset = ProtoField.uint64("posthorn.final_offset", "Final offset"),
  maximum = ProtoField.uint64("posthorn.maximum", "Maximum"),
  limit = ProtoField.uint64("posthorn.limit", "Limit"),
  byte_limit = ProtoField.uint64("posthorn.byte_limit", "Limit, bytes"),
  message_id = ProtoField.uint64("posthorn.message_id", "Message id"),
  message_key = ProtoField.uint64("posthorn.message_key", "Key"),
  total_length = ProtoField.uint64("posthorn.total_length", "Total length"),
  sequence = ProtoField.uint64("posthorn.sequence", "Sequence"),
  confirm_kind = ProtoField.uint8("posthorn.confirm_kind", "Kind", base.DEC, CONFIRM_KINDS),
  message_number = ProtoField.uint64("posthorn.message_number", "Message number"),
  retire_prior_to = ProtoField.uint64("posthorn.retire_prior_to", "Retire prior to"),
  new_id = ProtoField.bytes("posthorn.connection_id", "Connection id"),
  reset_token = ProtoField.bytes("posthorn.reset_token", "Reset token"),
  path_data = ProtoField.bytes("posthorn.path_data", "Data"),
  packets = ProtoField.uint64("posthorn.ack_frequency.packets", "Packets"),
  max_delay = ProtoField.uint64("posthorn.ack_frequency.max_delay", "Maximum delay, µs"),
  code = ProtoField.uint64("posthorn.close.code", "Code", base.HEX, CLOSE_CODES),
  application_code = ProtoField.uint64("posthorn.close.application_code", "Application code"),
}
posthorn.fields = f

local malformed = ProtoExpert.new("posthorn.malformed", "Malformed", expert.group.MALFORMED,
  expert.severity.ERROR)
local unknown_frame = ProtoExpert.new("posthorn.unknown_frame", "Unknown frame type",
  expert.group.PROTOCOL, expert.severity.ERROR)
posthorn.experts = { malformed, unknown_frame }

-- Bit operations: a library up to Lua 5.2, operators from 5.3 on.
local bits = bit32 or bit
  or load("return { bxor = function(a, b) return a ~ b end, band = function(a, b) return a & b end,"
    .. " rshift = function(a, n) return a >> n end }")()

local crc_table = {}
for i = 0, 255 do
  local crc = i
  for _ = 1, 8 do
    if crc % 2 == 1 then
      crc = bits.bxor(bits.rshift(crc, 1), 0x82f63b78)
    else
      crc = bits.rshift(crc, 1)
    end
  end
  crc_table[i] = crc % 0x100000000
end

local function crc32c(bytes)
  local crc = 0xffffffff
  for i = 1, #bytes do
    local index = bits.band(bits.bxor(crc, bytes:byte(i)), 0xff)
    crc = bits.bxor(bits.rshift(crc, 8), crc_table[index])
  end
  return bits.bxor(crc, 0xffffffff) % 0x100000000
end

-- Whether a data packet stands in clear: its last four bytes are the checksum of all before (4.6).
local function is_clear(tvb)
  local length = tvb:len()
  if length < MINIMUM_CLEAR then
    return false
  end
  return crc32c(tvb:raw(0, length - CHECKSUM)) == tvb(length - CHECKSUM, CHECKSUM):uint()
end

-- Reads fields one after the other; every read answers nil, and marks the packet, at its end.
local Reader = {}
Reader.__index = Reader

local function reader(tvb, from, to)
  return setmetatable({ tvb = tvb, at = from, to = to, ok = true }, Reader)
end

function Reader:left()
  return self.to - self.at
end

function Reader:take(count)
  if not self.ok or count > self:left() then
    self.ok = false
    return nil
  end
  local range = self.tvb(self.at, count)
  self.at = self.at + count
  return range
end

-- A varint (1.2): its value as UInt64, and where it stands.
function Reader:varint()
  if not self.ok or self:left() < 1 then
    self.ok = false
    return nil
  end
  local size = 2 ^ math.floor(self.tvb(self.at, 1):uint() / 64)
  local range = self:take(size)
  if range == nil then
    return nil
  end
  if size == 8 then
    return range:uint64():band(UInt64.new(0xffffffff, 0x3fffffff)), range
  end
  return UInt64.new(range:uint() % (2 ^ (8 * size - 2)), 0), range
end

-- Adds a varint field to the tree; answers its value.
function Reader:field(tree, field)
  local value, range = self:varint()
  if value ~= nil then
    tree:add(field, range, value)
  end
  return value
end

-- Adds bytes to the tree.
function Reader:bytes(tree, field, count)
  local range = self:take(count)
  if range ~= nil then
    tree:add(field, range)
  end
  return range
end

local function printable(range)
  local text = range:raw(0, math.min(range:len(), 64)):gsub("[^\32-\126]", ".")
  return text
end

-- So many bytes of application data; none is legal too.
local function data(r, tree, count)
  if count > 0 then
    local range = r:bytes(tree, f.data, count)
    if range ~= nil then
      tree:append_text(" \"" .. printable(range) .. "\"")
    end
  end
end

local function length_and_data(r, tree)
  local length = r:field(tree, f.length)
  if length ~= nil then
    data(r, tree, length:tonumber())
    return length:tonumber()
  end
  return 0
end

local function ack(r, tree, ecn)
  local largest = r:field(tree, f.largest)
  r:field(tree, f.delay)
  local ranges = r:varint()
  local packets = r:varint()
  if packets == nil then
    return ""
  end
  local last = largest:tonumber()
  local first = last - packets:tonumber()
  tree:add(f.range, r.tvb(r.at - 1, 1), string.format("%d-%d", first, last))
  local words = string.format("%d-%d", first, last)
  for _ = 1, ranges:tonumber() do
    local from = r.at
    local gap = r:varint()
    packets = r:varint()
    if packets == nil then
      return words
    end
    last = first - gap:tonumber() - 2
    first = last - packets:tonumber()
    tree:add(f.range, r.tvb(from, r.at - from), string.format("%d-%d", first, last))
    words = words .. string.format(",%d-%d", first, last)
  end
  if ecn then
    r:field(tree, f.ect0)
    r:field(tree, f.ect1)
    r:field(tree, f.ce)
  end
  return words
end

-- One function a frame type: adds its fields, answers what the summary says of it.
local dissect_frame = {
  [0x01] = function() return "" end,
  [0x02] = function(r, tree) return ack(r, tree, false) end,
  [0x03] = function(r, tree) return ack(r, tree, true) end,
  [0x04] = function(r, tree)
    local channel = r:field(tree, f.channel)
    local offset = r:field(tree, f.offset)
    local length = length_and_data(r, tree)
    return r.ok and string.format("ch=%s off=%s len=%d", channel, offset, length) or ""
  end,
  [0x05] = function(r, tree)
    local channel = r:field(tree, f.channel)
    local offset = r:field(tree, f.offset)
    local length = r:left()
    data(r, tree, length)
    return r.ok and string.format("ch=%s off=%s len=%d", channel, offset, length) or ""
  end,
  [0x06] = function(r, tree)
    local channel = r:field(tree, f.channel)
    local offset = r:field(tree, f.final_offset)
    return r.ok and string.format("ch=%s off=%s", channel, offset) or ""
  end,
  [0x07] = function(r, tree)
    local channel = r:field(tree, f.channel)
    local maximum = r:field(tree, f.maximum)
    return r.ok and string.format("ch=%s max=%s", channel, maximum) or ""
  end,
  [0x08] = function(r, tree)
    local channel = r:field(tree, f.channel)
    local limit = r:field(tree, f.limit)
    return r.ok and string.format("ch=%s limit=%s", channel, limit) or ""
  end,
  [0x09] = function(r, tree) return "max=" .. tostring(r:field(tree, f.maximum)) end,
  [0x0a] = function(r, tree) return "max=" .. tostring(r:field(tree, f.maximum)) end,
  [0x0b] = function(r, tree)
    r:field(tree, f.limit)
    r:field(tree, f.byte_limit)
    return ""
  end,
  [0x10] = function(r, tree)
    local id = r:field(tree, f.message_id)
    local channel = r:field(tree, f.channel)
    local length = length_and_data(r, tree)
    return r.ok and string.format("id=%s ch=%s len=%d", id, channel, length) or ""
  end,
  [0x11] = function(r, tree)
    local id = r:field(tree, f.message_id)
    local channel = r:field(tree, f.channel)
    local total = r:field(tree, f.total_length)
    local offset = r:field(tree, f.offset)
    local length = length_and_data(r, tree)
    return r.ok
      and string.format("id=%s ch=%s off=%s len=%d of %s", id, channel, offset, length, total) or ""
  end,
  [0x12] = function(r, tree)
    local id = r:field(tree, f.message_id)
    local channel = r:field(tree, f.channel)
    local key = r:field(tree, f.message_key)
    local total = r:field(tree, f.total_length)
    r:field(tree, f.offset)
    local length = length_and_data(r, tree)
    return r.ok
      and string.format("id=%s ch=%s key=%s len=%d of %s", id, channel, key, length, total) or ""
  end,
  [0x13] = function(r, tree)
    local id = r:field(tree, f.message_id)
    r:field(tree, f.total_length)
    return "id=" .. tostring(id)
  end,
  [0x14] = function(r, tree)
    local channel = r:field(tree, f.channel)
    local length = length_and_data(r, tree)
    return r.ok and string.format("ch=%s len=%d", channel, length) or ""
  end,
  [0x15] = function(r, tree)
    local channel = r:field(tree, f.channel)
    local sequence = r:field(tree, f.sequence)
    local length = length_and_data(r, tree)
    return r.ok and string.format("ch=%s seq=%s len=%d", channel, sequence, length) or ""
  end,
  [0x18] = function(r, tree)
    r:bytes(tree, f.confirm_kind, 1)
    r:field(tree, f.channel)
    return "number=" .. tostring(r:field(tree, f.message_number))
  end,
  [0x19] = function(r, tree)
    r:bytes(tree, f.confirm_kind, 1)
    r:field(tree, f.channel)
    return "number=" .. tostring(r:field(tree, f.message_number))
  end,
  [0x1c] = function(r, tree)
    local sequence = r:field(tree, f.sequence)
    r:field(tree, f.retire_prior_to)
    r:bytes(tree, f.new_id, CONNECTION_ID)
    r:bytes(tree, f.reset_token, 16)
    return "seq=" .. tostring(sequence)
  end,
  [0x1d] = function(r, tree) return "seq=" .. tostring(r:field(tree, f.sequence)) end,
  [0x1e] = function(r, tree)
    r:bytes(tree, f.path_data, 8)
    return ""
  end,
  [0x1f] = function(r, tree)
    r:bytes(tree, f.path_data, 8)
    return ""
  end,
  [0x20] = function(r, tree)
    r:field(tree, f.sequence)
    local packets = r:field(tree, f.packets)
    r:field(tree, f.max_delay)
    return "packets=" .. tostring(packets)
  end,
  [0x21] = function(r, tree)
    local code = r:field(tree, f.code)
    r:field(tree, f.application_code)
    local length = r:field(tree, f.length)
    if length ~= nil and length:tonumber() > 0 then
      local text = r:take(length:tonumber())
      if text ~= nil then
        tree:add(f.text, text, printable(text))
      end
    end
    return code == nil and "" or (CLOSE_CODES[code:tonumber()] or tostring(code))
  end,
}

-- The frames of a clear payload (5); answers what they are for the summary.
local function dissect_frames(tvb, from, to, tree)
  local r = reader(tvb, from, to)
  local summary = {}
  while r:left() > 0 do
    local start = r.at
    local type = tvb(r.at, 1):uint()
    if type == 0 then
      while r:left() > 0 and tvb(r.at, 1):uint() == 0 do
        r.at = r.at + 1
      end
      tree:add(f.padding_frames, tvb(start, r.at - start), r.at - start)
      summary[#summary + 1] = "PADDING"
    else
      local dissect = dissect_frame[type]
      if dissect == nil then
        tree:add_proto_expert_info(unknown_frame, string.format("Frame type 0x%02x", type))
        return summary
      end
      r.at = r.at + 1
      local branch = tree:add(f.frame, tvb(start, 1))
      local words = dissect(r, branch)
      branch:set_len(r.at - start)
      if not r.ok then
        branch:add_proto_expert_info(malformed, FRAMES[type] .. " passes the end of the packet")
        summary[#summary + 1] = FRAMES[type] .. " [malformed]"
        return summary
      end
      summary[#summary + 1] = words == "" and FRAMES[type] or FRAMES[type] .. "(" .. words .. ")"
    end
  end
  return summary
end

local function hex(range)
  return tostring(range:bytes()):lower()
end

-- A data packet, which takes all of tvb (3.5).
local function dissect_data(tvb, pinfo, tree)
  local length = tvb:len()
  local branch = tree:add(posthorn, tvb(), "Posthorn data packet")
  branch:add(f.type, tvb(0, 1), 8)
  local id = tvb(1, CONNECTION_ID)
  if not is_clear(tvb) then
    branch:add(f.destination_id, id)
    branch:add(f.sealed, tvb(1 + CONNECTION_ID))
    return string.format("Data to %s, sealed, %d bytes", hex(id), length)
  end
  local number_length = tvb(0, 1):uint() % 4 + 1
  branch:add(f.key_phase, tvb(0, 1))
  branch:add(f.number_length, tvb(0, 1))
  branch:add(f.destination_id, id)
  local number = tvb(1 + CONNECTION_ID, number_length)
  branch:add(f.number, number)
  local frames_from = 1 + CONNECTION_ID + number_length
  local summary = dissect_frames(tvb, frames_from, length - CHECKSUM, branch)
  branch:add(f.checksum, tvb(length - CHECKSUM, CHECKSUM))
  return string.format("Data %d to %s: %s", number:uint(), hex(id), table.concat(summary, ", "))
end

-- Transport parameters in clear (7).
local function dissect_parameters(tvb, from, to, tree)
  local r = reader(tvb, from, to)
  while r:left() > 0 do
    local start = r.at
    local id, range = r:varint()
    local length = r:varint()
    local value = length ~= nil and r:take(length:tonumber()) or nil
    if value == nil then
      tree:add_proto_expert_info(malformed, "Transport parameters pass their end")
      return
    end
    local branch = tree:add(f.parameter, range, id)
    branch:append_text(" (" .. (PARAMETERS[id:tonumber()] or "unknown") .. ")")
    branch:add(f.parameter_bytes, value)
    branch:set_len(r.at - start)
  end
end

-- A handshake body: of suite 0 it can be read (8.3), else it is Noise's.
local function dissect_body(tvb, from, length, tree, clear_prefix)
  local branch = tree:add(f.body, tvb(from, length))
  if clear_prefix ~= nil then
    dissect_parameters(tvb, from + clear_prefix, from + length - CHECKSUM, branch)
    branch:add(f.checksum, tvb(from + length - CHECKSUM, CHECKSUM))
  end
end

-- Suite of the handshake under way, by the ids it uses; tshark reads in order.
local suites = {}

function posthorn.init()
  suites = {}
end

local function dissect_m1(tvb, pinfo, tree)
  local branch = tree:add(posthorn, tvb(), "Posthorn M1")
  local r = reader(tvb, 0, tvb:len())
  r:bytes(branch, f.type, 1)
  r:bytes(branch, f.version, 4)
  local suite = r:bytes(branch, f.suite, 1)
  local id = r:bytes(branch, f.initiator_id, CONNECTION_ID)
  local cookie = r:take(1)
  if cookie ~= nil and cookie:uint() > 0 then
    r:bytes(branch, f.cookie, cookie:uint())
  end
  local length = r:take(2)
  local body = length ~= nil and r:bytes(branch, f.body, length:uint()) or nil
  if body == nil then
    branch:add_proto_expert_info(malformed, "M1 passes the end of the datagram")
    return "M1 [malformed]"
  end
  branch:add(f.padding_bytes, r:left()):set_generated()
  suites[hex(id)] = suite:uint()
  return string.format("M1 from %s, suite %s%s", hex(id), SUITES[suite:uint()] or suite:uint(),
    cookie:uint() > 0 and ", with a cookie" or "")
end

local function dissect_m2(tvb, pinfo, tree)
  local branch = tree:add(posthorn, tvb(), "Posthorn M2")
  local initiator = tvb(1, CONNECTION_ID)
  local responder = tvb(9, CONNECTION_ID)
  branch:add(f.type, tvb(0, 1))
  branch:add(f.initiator_id, initiator)
  branch:add(f.responder_id, responder)
  local clear = suites[hex(initiator)] == 0
  suites[hex(responder)] = suites[hex(initiator)]
  dissect_body(tvb, 19, tvb(17, 2):uint(), branch, clear and 32 or nil)
  return string.format("M2 to %s, from %s", hex(initiator), hex(responder))
end

local function dissect_m3(tvb, pinfo, tree)
  local length = tvb(9, 2):uint()
  local branch = tree:add(posthorn, tvb(0, 11 + length), "Posthorn M3")
  local id = tvb(1, CONNECTION_ID)
  branch:add(f.type, tvb(0, 1))
  branch:add(f.responder_id, id)
  dissect_body(tvb, 11, length, branch, suites[hex(id)] == 0 and 0 or nil)
  local words = "M3 to " .. hex(id)
  if tvb:len() > 11 + length then
    words = words .. " + " .. dissect_data(tvb(11 + length):tvb(), pinfo, tree)
  end
  return words
end

local function dissect_control(tvb, pinfo, tree)
  local branch = tree:add(posthorn, tvb(), "Posthorn control packet")
  local r = reader(tvb, 0, tvb:len())
  r:bytes(branch, f.type, 1)
  local kind = r:bytes(branch, f.kind, 1):uint()
  local id = r:bytes(branch, f.destination_id, CONNECTION_ID)
  if kind == 1 then
    local length = r:take(1)
    if length ~= nil then
      r:bytes(branch, f.cookie, length:uint())
    end
  elseif kind == 2 then
    local count = r:take(1)
    for _ = 1, count ~= nil and count:uint() or 0 do
      r:bytes(branch, f.version, 4)
    end
  elseif kind == 3 then
    r:field(branch, f.code)
  elseif kind == 4 then
    r:bytes(branch, f.echo, r:left())
  end
  if not r.ok or r:left() > 0 then
    branch:add_proto_expert_info(malformed, "The fields do not fill the datagram")
  end
  return string.format("%s, id %s", CONTROL_KINDS[kind] or "Control", hex(id))
end

-- The smallest packet of each type (13.2): an M1 in a smaller datagram is dropped.
local MINIMUM = { [4] = 1200, [5] = 51, [6] = 35, [7] = 11 }

-- What a datagram looks like by its lengths: "handshake", "control", "data", or nil for none of
-- ours (2, 3).
local function looks_like(tvb)
  local length = tvb:len()
  local first = length > 0 and tvb(0, 1):uint() or 0
  if length < (MINIMUM[first] or MINIMUM_CLEAR) then
    return nil
  end
  if first == 4 then
    return tvb(1, 4):uint() == VERSION and "handshake" or nil
  elseif first == 5 then
    return tvb(17, 2):uint() + 19 == length and "handshake" or nil
  elseif first == 6 then
    local rest = length - 11 - tvb(9, 2):uint()
    if rest ~= 0 and rest < MINIMUM_CLEAR then
      return nil
    end
    if rest > 0 and math.floor(tvb(length - rest, 1):uint() / 8) ~= 1 then
      return nil
    end
    return tvb(9, 2):uint() >= 24 and "handshake" or nil
  elseif first == 7 then
    return CONTROL_KINDS[tvb(1, 1):uint()] ~= nil and "control" or nil
  elseif first >= 8 and first <= 15 then
    return "data"
  end
  return nil
end

local dissect_packet = {
  [4] = dissect_m1,
  [5] = dissect_m2,
  [6] = dissect_m3,
  [7] = dissect_control,
}

-- Where the system cuts what it sends into datagrams only later (segmentation offload), a capture
-- has several in one. They are of one size and begin alike, so the first of them ends where its
-- beginning comes again; nil if it does not, or if that is chance.
local function piece_length(tvb)
  local raw = tvb:raw()
  local at, data_at
  if raw:byte(1) == 6 then
    at = raw:find(raw:sub(1, 1 + CONNECTION_ID), 2 + CONNECTION_ID, true)
    data_at = 11 + tvb(9, 2):uint()
  else
    at = raw:find(raw:sub(2, 1 + CONNECTION_ID), 2 + CONNECTION_ID, true)
    at = at ~= nil and at - 1 or nil
    data_at = 0
  end
  local length = at ~= nil and at - 1 or 0
  if length - data_at < MINIMUM_CLEAR or not is_clear(tvb(data_at, length - data_at):tvb()) then
    return nil
  end
  return length
end

local function is_whole(tvb)
  local first = tvb(0, 1):uint()
  if first == 6 then
    local data_at = 11 + tvb(9, 2):uint()
    return tvb:len() == data_at or is_clear(tvb(data_at):tvb())
  end
  return first < 6 or first == 7 or is_clear(tvb)
end

function posthorn.dissector(tvb, pinfo, tree)
  if looks_like(tvb) == nil then
    return 0
  end
  pinfo.cols.protocol = "Posthorn"
  local dissect = dissect_packet[tvb(0, 1):uint()] or dissect_data
  local piece = not is_whole(tvb) and piece_length(tvb) or nil
  if piece == nil then
    pinfo.cols.info = dissect(tvb, pinfo, tree)
    return tvb:len()
  end
  local words = {}
  for at = 0, tvb:len() - 1, piece do
    local one = tvb(at, math.min(piece, tvb:len() - at)):tvb()
    words[#words + 1] = looks_like(one) ~= nil and dissect(one, pinfo, tree) or "[malformed]"
  end
  pinfo.cols.info = table.concat(words, " | ")
  return tvb:len()
end

-- On a port that nobody named: what cannot be anything else.
local function heuristic(tvb, pinfo, tree)
  local like = looks_like(tvb)
  if like == "handshake" or (like == "data" and (is_clear(tvb) or piece_length(tvb) ~= nil)) then
    pinfo.conversation = posthorn
    posthorn.dissector(tvb, pinfo, tree)
    return true
  end
  return false
end

posthorn:register_heuristic("udp", heuristic)
DissectorTable.get("udp.port"):add_for_decode_as(posthorn)
