function bytes = md5_start(data)
  % The first four bytes of the MD5 of a row of bytes.
  digits = hash('md5', char(data));
  bytes = uint8(hex2dec(reshape(digits(1:8), 2, 4).')).';
end
