function symbols = rans_unpack(op, data, expected)
  % The symbols in the bytes DATA, a row; EXPECTED of them, unless that is empty.
  [count, at] = read_varint(op, data, 0);
  if ~isempty(expected) && count ~= expected
    file_error(op, 'is damaged (a wrong number of symbols)');
  end
  if count > 16777216 * (1 + floor((numel(data) - at) / 2))  % a block takes two bytes or more
    file_error(op, 'is damaged (it ends too early)');
  end
  blocks = cell(1, ceil(count / 16777216));
  for k = 1:numel(blocks)
    left = count - 16777216 * (k - 1);
    [blocks{k}, at] = unpack_block(op, data, at, min(left, 16777216));
  end
  if at ~= numel(data)
    file_error(op, 'is damaged (bytes are left at its end)');
  end
  symbols = [zeros(1, 0, 'uint8'), blocks{:}];
end

function [symbols, at] = unpack_block(op, data, at, count)
  [ends, at] = taken(op, data, at, 2);
  first = double(ends(1));
  last = double(ends(2));
  if first == last
    symbols = repmat(uint8(first), 1, count);
    return
  elseif first > last
    file_error(op, 'is damaged (a wrong table)');
  end
  used = last - first + 1;
  [table, at] = taken(op, data, at, floor((3 * used + 1) / 2));
  frequencies = from_twelve_bits(double(table), used);
  if sum(frequencies) ~= 4096
    file_error(op, 'is damaged (a wrong table)');
  end
  % One entry for each of 4096 slots.
  slot_symbol = uint8(repelem(first:last, frequencies));
  slot_frequency = repelem(frequencies, frequencies);
  slot_offset = (0:4095) - repelem(cumsum(frequencies) - frequencies, frequencies);
  lanes = rans_lanes(count);
  [spent, at] = read_varint(op, data, at);
  [bytes, at] = taken(op, data, at, 4 * lanes);
  state = double(from_little(bytes, 'uint32'));
  [bytes, at] = taken(op, data, at, 2 * spent);
  words = from_little(bytes, 'uint16');
  if any(state < 65536)
    file_error(op, 'is damaged (a wrong state)');
  end
  % The state is kept divided by 4096: its whole part is the quotient, the rest is the slot.
  state = state / 4096;
  slot_frequency = slot_frequency / 4096;
  slot_offset = slot_offset / 4096;
  steps = ceil(count / lanes);
  symbols = zeros(lanes, steps, 'uint8');
  here = 0;
  for step = 1:steps
    z = state;
    if step == steps
      z = z(1:count - lanes * (steps - 1));
    end
    quotient = floor(z);
    slot = (z - quotient) * 4096 + 1;
    symbols(1:numel(z), step) = slot_symbol(slot);
    z = slot_frequency(slot) .* quotient + slot_offset(slot);
    empty = find(z < 16);
    if ~isempty(empty)
      next = here + numel(empty);
      if next > spent
        file_error(op, 'is damaged (it ends too early)');
      end
      z(empty) = z(empty) * 65536 + double(words(here + 1:next)) / 4096;
      here = next;
    end
    state(1:numel(z)) = z;
  end
  if here ~= spent || any(state ~= 16)
    file_error(op, 'is damaged (its states are wrong)');
  end
  symbols = reshape(symbols(1:count), 1, []);
end

function [bytes, at] = taken(op, data, at, count)
  if count > numel(data) - at
    file_error(op, 'is damaged (it ends too early)');
  end
  bytes = data(at + 1:at + count);
  at = at + count;
end

function numbers = from_twelve_bits(bytes, count)
  bytes = reshape([bytes, zeros(1, mod(-numel(bytes), 3))], 3, []);
  high = floor(bytes(2, :) / 16);
  numbers = [bytes(1, :) + 256 * (bytes(2, :) - 16 * high); high + 16 * bytes(3, :)];
  numbers = reshape(numbers(1:count), 1, []);
end
