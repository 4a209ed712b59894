function bytes = varint_bytes(value)
  % A whole number, seven bits a byte, the lowest first.
  bytes = [];
  while value >= 128
    bytes(end + 1) = mod(value, 128) + 128;
    value = floor(value / 128);
  end
  bytes = uint8([bytes, value]);
end
