function middle = midpoints(levels)
  % Where one level ends and the next begins: halfway between neighbours of an ascending vector.
  middle = levels(1:end - 1) / 2 + levels(2:end) / 2;
end
