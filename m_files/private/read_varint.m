function [value, at] = read_varint(op, data, at)
  % The whole number that varint_bytes wrote at DATA(AT + 1), and where it ends.
  value = 0;
  for place = 0:6
    if at >= numel(data)
      file_error(op, 'is damaged (it ends too early)');
    end
    at = at + 1;
    byte = double(data(at));
    value = value + mod(byte, 128) * 128^place;
    if byte < 128
      return
    end
  end
  file_error(op, 'is damaged (a number is too long)');
end
