function norms = row_norms(w)
  % Euclidean norm of each row, as a double column; sum adds from the first column to the last.
  % The largest weight is taken out first: squares of small or large ones leave the range.
  w = double(w);
  largest = max([abs(w(:)); 0]);
  if largest == 0
    largest = 1;
  end
  norms = largest * sqrt(sum((w / largest).^2, 2));
end
