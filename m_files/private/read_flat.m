function [values, reader] = read_flat(op, reader, count, total)
  % COUNT numbers from 0 to TOTAL - 1, none more likely than another.
  values = zeros(1, count);
  for k = 1:count
    share = floor(reader.width / total);
    values(k) = floor(reader.code / share);
    if values(k) >= total
      file_error(op, 'is damaged (its coding is wrong)');
    end
    reader.code = reader.code - share * values(k);
    reader.width = share;
    while reader.width < 2^40
      reader.at = reader.at + 1;
      reader.code = reader.code * 256;
      if reader.at <= numel(reader.data)
        reader.code = reader.code + reader.data(reader.at);
      end
      reader.width = reader.width * 256;
    end
  end
end
