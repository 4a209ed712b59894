function bytes = rans_pack(symbols)
  % What rans_encode returns, of a vector of uint8.
  symbols = symbols(:).';
  parts = {varint_bytes(numel(symbols))};
  for start = 1:16777216:numel(symbols)
    parts{end + 1} = pack_block(symbols(start:min(start + 16777215, end)));
  end
  bytes = [parts{:}];
end

function bytes = pack_block(symbols)
  counts = accumarray(double(symbols(:)) + 1, 1, [256, 1]).';
  used = find(counts);
  ends = uint8(used([1, end]) - 1);
  if isscalar(used)
    bytes = ends;
    return
  end
  frequencies = shares(counts);
  lanes = rans_lanes(numel(symbols));
  limits = frequencies * 2^20;
  begins = cumsum(frequencies) - frequencies;
  missing = 4096 - frequencies;
  state = 65536 * ones(1, lanes);
  words = zeros(1, numel(symbols) + 1, 'uint16');
  at = numel(words);
  for stop = lanes * ceil(numel(symbols) / lanes):-lanes:1
    now = double(symbols(stop - lanes + 1:min(stop, end))) + 1;
    x = state(1:numel(now));
    full = find(x >= limits(now));
    if ~isempty(full)
      large = x(full);
      high = floor(large / 65536);
      words(at - numel(full) + 1:at) = large - high * 65536;
      at = at - numel(full);
      x(full) = high;
    end
    x = x + begins(now) + floor(x ./ frequencies(now)) .* missing(now);
    state(1:numel(now)) = x;
  end
  words = words(at + 1:end);
  bytes = [ends, twelve_bits(frequencies(used(1):used(end))), varint_bytes(numel(words)), ...
           little_bytes(uint32(state)), little_bytes(words)];
end

function result = shares(counts)
  % Frequencies that sum to 4096, at least 1 where a symbol occurs.
  total = sum(counts);
  scaled = counts * 4096;
  result = max(floor(scaled / total), counts > 0);
  lacking = 4096 - sum(result);
  if lacking > 0  % to those that lost most by rounding
    [~, order] = sort(result * total - scaled);
    result(order(1:lacking)) = result(order(1:lacking)) + 1;
  end
  while lacking < 0
    [~, largest] = max(result);
    result(largest) = result(largest) - 1;
    lacking = lacking + 1;
  end
end

function bytes = twelve_bits(numbers)
  % Numbers below 4096 in a byte and a half each.
  count = ceil(1.5 * numel(numbers));
  numbers = reshape([numbers, zeros(1, mod(numel(numbers), 2))], 2, []);
  high = floor(numbers / 256);
  bytes = [mod(numbers(1, :), 256); high(1, :) + 16 * mod(numbers(2, :), 16); ...
           floor(numbers(2, :) / 16)];
  bytes = uint8(reshape(bytes(1:count), 1, []));
end
