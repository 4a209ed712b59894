function reader = range_reader(data)
  % What reads the steps in the bytes DATA, a row; behind the last one it sees zeros.
  first = [double(data(1:min(6, end))), zeros(1, 6 - numel(data))];
  reader = struct('data', double(data), 'at', 6, 'code', sum(first .* 256.^(5:-1:0)), ...
                  'width', 2^48);
end
