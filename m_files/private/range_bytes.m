function bytes = range_bytes(steps)
  % The bytes of a range coder for STEPS, columns of [low; width; total]: of that many equally
  % likely cases, those from low on happened.  Zeros at the end are left out.
  low = 0;
  width = 2^48;
  bytes = zeros(1, 64 + 6 * columns(steps));
  at = 0;
  for k = 1:columns(steps)
    share = floor(width / steps(3, k));
    low = low + share * steps(1, k);
    width = share * steps(2, k);
    if low >= 281474976710656
      low = low - 281474976710656;
      bytes = carried(bytes, at);
    end
    while width < 1099511627776
      at = at + 1;
      bytes(at) = floor(low / 1099511627776);
      low = (low - bytes(at) * 1099511627776) * 256;
      width = width * 256;
    end
  end
  for size = 0:6  % the number in [low, low + width) that needs the fewest bytes
    unit = 2^(48 - 8 * size);
    value = ceil(low / unit) * unit;
    if value < low + width
      break
    end
  end
  if value >= 2^48
    value = value - 2^48;
    bytes = carried(bytes, at);
  end
  bytes(at + (1:6)) = mod(floor(value ./ 256.^(5:-1:0)), 256);
  bytes = uint8(bytes(1:max([0, find(bytes(1:at + 6), 1, 'last')])));
end

function bytes = carried(bytes, at)
  while bytes(at) == 255
    bytes(at) = 0;
    at = at - 1;
  end
  bytes(at) = bytes(at) + 1;
end
