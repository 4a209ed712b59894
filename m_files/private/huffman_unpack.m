function symbols = huffman_unpack(op, data, expected)
  % The symbols in the bytes DATA, a row; EXPECTED of them, unless that is empty.
  [count, at] = read_varint(op, data, 0);
  if ~isempty(expected) && count ~= expected
    file_error(op, 'is damaged (a wrong number of symbols)');
  end
  symbols = zeros(1, 0, 'uint8');
  if count > 0
    if numel(data) < at + 2
      file_error(op, 'is damaged (it ends too early)');
    end
    first = double(data(at + 1));
    last = double(data(at + 2));
    at = at + 2;
    if first == last
      symbols = repmat(uint8(first), 1, count);
    elseif first > last
      file_error(op, 'is damaged (a wrong table)');
    else
      symbols = read_words(op, double(data(at + 1:end)), count, first, last);
      at = numel(data);
    end
  end
  if at ~= numel(data)
    file_error(op, 'is damaged (bytes are left at its end)');
  end
end

function symbols = read_words(op, data, count, first, last)
  used = floor((last - first + 2) / 2);
  if numel(data) < used
    file_error(op, 'is damaged (it ends too early)');
  end
  high = floor(data(1:used) / 16);
  lengths = reshape([data(1:used) - 16 * high; high], 1, []);
  lengths = lengths(1:last - first + 1);
  data = data(used + 1:end);
  if sum(2.^(15 - lengths(lengths > 0))) ~= 32768
    file_error(op, 'is damaged (a wrong table)');
  elseif count > 8 * numel(data)
    file_error(op, 'is damaged (it ends too early)');
  end
  % By the next 15 bits: which symbol they begin with.  Shorter words come first.
  order = lengths;
  order(lengths == 0) = 16;
  [order, by_length] = sort(order);
  by_length = by_length(order < 16);
  share = 2.^(15 - order(order < 16));
  symbol_at = repelem(by_length + first - 1, share);
  length_at = repelem(order(order < 16), share);
  padded = [data, 0, 0];
  window = padded(1:end - 2) * 65536 + padded(2:end - 1) * 256 + padded(3:end);
  ahead = mod(floor(window ./ 2.^(9:-1:2).'), 32768) + 1;
  after = (1:numel(ahead)) + length_at(reshape(ahead, 1, []));
  at = 1;
  starts = zeros(1, count);
  most = numel(after);
  for k = 1:count
    if at > most
      file_error(op, 'is damaged (it ends too early)');
    end
    starts(k) = at;
    at = after(at);
  end
  if ceil((at - 1) / 8) ~= numel(data) || mod(data(end), 2^mod(1 - at, 8)) ~= 0
    file_error(op, 'is damaged (bits are left at its end)');
  end
  symbols = uint8(symbol_at(ahead(starts)));
end
